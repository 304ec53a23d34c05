import { execFileSync } from "node:child_process";

/** Stops a Postgres in its tracks, and answers what lets it go on. Its children too: a stopped postmaster alone leaves its backends at work. */
export function pausePostgres(pid: number): () => void {
  const pids = [pid, ...childrenOf(pid)];
  for (const each of pids) {
    process.kill(each, "SIGSTOP");
  }
  return () => {
    for (const each of pids) {
      try {
        process.kill(each, "SIGCONT");
      } catch {
        // It is gone by now.
      }
    }
  };
}

function childrenOf(pid: number): number[] {
  try {
    return execFileSync("pgrep", ["-P", String(pid)])
      .toString()
      .trim()
      .split("\n")
      .map(Number);
  } catch {
    // None.
    return [];
  }
}
