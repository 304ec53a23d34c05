import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";

import { isAlive } from "./postmaster-pid";

const heldHere = new Set<string>();

/** Keeps two processes from using one data folder at the same time. A lock of a process that is gone does not count. */
export class DataFolderLock {
  private readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** Throws when another live process holds it, or another lock of this one. */
  async acquire(): Promise<void> {
    if (heldHere.has(this.path)) {
      throw this.inUseBy(process.pid);
    }
    // Before anything is awaited: another lock of this process may be asked for in the same turn.
    heldHere.add(this.path);
    const draft = `${this.path}.${process.pid}`;
    try {
      const holder: Holder = { pid: process.pid, startedAt: await startOf(process.pid) };
      await writeFile(draft, JSON.stringify(holder));
      while (!(await this.put(draft))) {
        await this.clearStale();
      }
    } catch (error) {
      heldHere.delete(this.path);
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** True while another live process holds it. */
  async isHeldByAnother(): Promise<boolean> {
    const holder = await this.readHolder();
    return holder !== undefined && (await isAnotherLive(holder));
  }

  async release(): Promise<void> {
    if (heldHere.delete(this.path)) {
      await rm(this.path, { force: true });
    }
  }

  /** Puts the lock into its place, whole; false when there is one. */
  private async put(draft: string): Promise<boolean> {
    try {
      await link(draft, this.path);
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code === "EEXIST") {
        return false;
      }
      throw error;
    }
  }

  /** Takes away a lock whose process is gone. Throws when it is not gone. */
  private async clearStale(): Promise<void> {
    const seen = await this.readHolder();
    if (seen && (await isAnotherLive(seen))) {
      throw this.inUseBy(seen.pid);
    }
    // Renamed first, since another process may have put its own there by now: that one goes back.
    const taken = `${this.path}.stale-${process.pid}`;
    await rename(this.path, taken).catch(() => {
      // Somebody else has cleared it.
    });
    const holder = await readHolderOf(taken);
    if (holder && (await isAnotherLive(holder))) {
      await link(taken, this.path).catch(() => {
        // There is a third one's; it was there when the second's was not.
      });
    }
    await rm(taken, { force: true });
  }

  private inUseBy(pid: number): Error {
    return new Error(
      `The data folder is in use by process ${pid} (${this.path}). Stop it, or set ROOMFUL_DATA_DIR to another folder.`,
    );
  }

  private readHolder(): Promise<Holder | undefined> {
    return readHolderOf(this.path);
  }
}

interface Holder {
  pid: number;
  startedAt: string;
}

/** undefined: there is none, or one whose process died while it wrote it. */
async function readHolderOf(path: string): Promise<Holder | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return typeof holder?.pid === "number" ? { pid: holder.pid, startedAt: String(holder.startedAt) } : undefined;
  } catch {
    // No JSON is no lock.
    return undefined;
  }
}

/** Process numbers come again; with the moment of the start they do not. What this process holds, it knows itself. */
async function isAnotherLive({ pid, startedAt }: Holder): Promise<boolean> {
  return pid !== process.pid && isAlive(pid) && (await startOf(pid)) === startedAt;
}

/** The 22nd field of /proc/PID/stat, counted behind the name, which may hold spaces; "" where there is no /proc. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
