import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a running postmaster says of itself in its data folder. */
export interface Postmaster {
  pid: number;
  port: number;
  isReady: boolean;
}

/** Reads postmaster.pid (lines: pid, folder, start, port, ..., the 8th is the status); undefined when there is none yet. */
export async function readPostmaster(clusterDir: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(clusterDir, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0 ? { pid, port: Number(lines[3]), isReady: lines[7] === "ready" } : undefined;
}

/** True while the process exists; a number that now belongs to another program counts as gone. */
export async function isPostgresAlive(pid: number): Promise<boolean> {
  if (!isAlive(pid)) {
    return false;
  }
  // Where there is no /proc the number has to do.
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "postgres");
  return command.includes("postgres");
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return (error as { code?: unknown }).code === "EPERM";
  }
}
