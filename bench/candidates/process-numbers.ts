import { readFileSync } from "node:fs";

/** Clock ticks a second, of /proc: fixed in Linux' interface. */
const TICKS_PER_SECOND = 100;
const UTIME = 11;
const STIME = 12;

/** Processor time that a process has used so far, all its threads, without its children; in milliseconds. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name before it may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[UTIME]) + Number(fields[STIME])) * 1_000) / TICKS_PER_SECOND;
}

/** Resident memory in KiB. */
export function rssKbOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
