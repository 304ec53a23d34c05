import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";

/** Where, when and of what a result is. */
export function describeRun() {
  const git = (...args: string[]): string => execFileSync("git", args).toString().trim();
  return {
    at: new Date().toISOString(),
    commit: git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "src") ? " and changes" : ""),
    command: `npm run bench -- ${process.argv.slice(2).join(" ")}`,
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB; load, service and Postgres on it`,
  };
}
