import { readFile, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";

import { isAlive } from "./postmaster-pid";

const heldHere = new Set<string>();

/** Keeps two processes from using one data folder at the same time. A lock of a process that is gone does not count. */
export class DataFolderLock {
  private readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** Throws when another live process holds it. */
  async acquire(): Promise<void> {
    if (heldHere.has(this.path) || (await this.isHeldByAnother())) {
      const holder = await this.readHolder();
      throw new Error(
        `The data folder is in use by process ${holder?.pid ?? process.pid} (${this.path}). ` +
          "Stop it, or set ROOMFUL_DATA_DIR to another folder.",
      );
    }
    // Before anything is awaited: another lock of this process may be asked for in the same turn.
    heldHere.add(this.path);
    try {
      await rm(this.path, { force: true });
      const holder: Holder = { pid: process.pid, startedAt: await startOf(process.pid) };
      // `wx`: of two processes that find a stale lock, one makes the new one.
      await writeFile(this.path, JSON.stringify(holder), { flag: "wx" });
    } catch (error) {
      heldHere.delete(this.path);
      throw error;
    }
  }

  /** True while another live process holds it. */
  async isHeldByAnother(): Promise<boolean> {
    const holder = await this.readHolder();
    return holder !== undefined && holder.pid !== process.pid && (await isSameProcess(holder));
  }

  async release(): Promise<void> {
    if (heldHere.delete(this.path)) {
      await rm(this.path, { force: true });
    }
  }

  private async readHolder(): Promise<Holder | undefined> {
    const text = await readFile(this.path, "utf8").catch(() => "");
    try {
      return JSON.parse(text) as Holder;
    } catch {
      // None, or one whose process died while it wrote it.
      return undefined;
    }
  }
}

interface Holder {
  pid: number;
  startedAt: string;
}

/** Process numbers come again; with the moment of the start they do not. */
async function isSameProcess({ pid, startedAt }: Holder): Promise<boolean> {
  return isAlive(pid) && (await startOf(pid)) === startedAt;
}

/** The 22nd field of /proc/PID/stat, counted behind the name, which may hold spaces; "" where there is no /proc. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
