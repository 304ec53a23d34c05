import { spawnSync } from "node:child_process";

/** False for a process that has ended, also while nobody has asked for its status yet, as an orphan's in a container. */
export function isRunning(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return !/^(Z|$)/.test(stdout.trim());
}
