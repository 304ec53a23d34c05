import { execFileSync, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

export interface Pinning {
  /** What a server's command line begins with. */
  serverPrefix: readonly string[];
  /** For the result. */
  description: string;
}

/** The server gets core 0 alone; this process, its load workers and Postgres share the others. Without `taskset`, all run where they like. */
export function pinCores(): Pinning {
  const cores = availableParallelism();
  if (cores < 2 || spawnSync("taskset", ["--version"], { stdio: "ignore" }).status !== 0) {
    return { serverPrefix: [], description: `nothing is pinned (${cores} cores, no taskset)` };
  }
  const others = cores === 2 ? "1" : `1-${cores - 1}`;
  // All threads; what is started from here on inherits it.
  execFileSync("taskset", ["-a", "-c", "-p", others, String(process.pid)], { stdio: "ignore" });
  return {
    serverPrefix: ["taskset", "-c", "0"],
    description: `server on core 0; load, Postgres and Redis on ${others === "1" ? "core 1" : `cores ${others}`}`,
  };
}
