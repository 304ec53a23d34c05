/** What is known of an item whose group is locked. */
interface LockedEntry {
  readonly group: string;
  readonly bytes: number;
  readonly admittedAtMs: number;
}

interface LockedGroup<Entry> {
  /** In the order of admission. */
  entries: Entry[];
  bytes: number;
  /** Attempts that found it locked, since it was last written. */
  failures: number;
  dueAtMs: number;
  isBeingWritten: boolean;
}

/** How much waits, of one locked group or of all of them. */
export interface LockedBacklog {
  readonly items: number;
  readonly bytes: number;
  readonly oldestAtMs: number;
}

/** The groups that somebody else held when they were to be written, each with what waits for it and when it is tried again. */
export class LockedGroups<Entry extends LockedEntry> {
  private readonly groups = new Map<string, LockedGroup<Entry>>();
  private earliestDueAtMs = Number.POSITIVE_INFINITY;
  items = 0;
  bytes = 0;

  get size(): number {
    return this.groups.size;
  }

  has(group: string): boolean {
    return this.groups.has(group);
  }

  /** undefined: it is not locked. */
  backlogOf(group: string): LockedBacklog | undefined {
    const locked = this.groups.get(group);
    return (
      locked && { items: locked.entries.length, bytes: locked.bytes, oldestAtMs: locked.entries[0]?.admittedAtMs ?? 0 }
    );
  }

  /** Infinity where there is none. */
  get oldestAtMs(): number {
    let oldestAtMs = Number.POSITIVE_INFINITY;
    for (const { entries } of this.groups.values()) {
      oldestAtMs = Math.min(oldestAtMs, entries[0]?.admittedAtMs ?? oldestAtMs);
    }
    return oldestAtMs;
  }

  /** Never later than the first group is due, and sometimes earlier. */
  get nextDueAtMs(): number {
    return this.earliestDueAtMs;
  }

  /** Behind what waits in its group. */
  add(entry: Entry): void {
    let locked = this.groups.get(entry.group);
    if (!locked) {
      locked = { entries: [], bytes: 0, failures: 0, dueAtMs: Number.POSITIVE_INFINITY, isBeingWritten: false };
      this.groups.set(entry.group, locked);
    }
    locked.entries.push(entry);
    locked.bytes += entry.bytes;
    this.items += 1;
    this.bytes += entry.bytes;
  }

  /** It was found locked, once more: it is tried again after the delay for so many failures. */
  defer(group: string, dueAtMsAfter: (failures: number) => number): void {
    const locked = this.groups.get(group);
    if (locked) {
      locked.failures += 1;
      locked.isBeingWritten = false;
      this.setDue(locked, dueAtMsAfter(locked.failures));
      // Behind the others, so that each has its turn.
      this.groups.delete(group);
      this.groups.set(group, locked);
    }
  }

  /** What is to be written now, of groups that are due; it stays here until it is removed. */
  beginWriting(nowMs: number, maxItems: number): Entry[] {
    const due: Entry[] = [];
    this.earliestDueAtMs = Number.POSITIVE_INFINITY;
    for (const locked of this.groups.values()) {
      if (locked.dueAtMs <= nowMs && due.length < maxItems) {
        locked.isBeingWritten = true;
        due.push(...locked.entries.slice(0, maxItems - due.length));
      } else {
        this.earliestDueAtMs = Math.min(this.earliestDueAtMs, locked.dueAtMs);
      }
    }
    return due;
  }

  /** False once it was found locked: what is behind in its group must wait too. */
  isBeingWritten(group: string): boolean {
    return this.groups.get(group)?.isBeingWritten ?? false;
  }

  /** They are written, or given up; those of a group from its first on. Others are not here. */
  remove(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      const locked = this.groups.get(entry.group);
      if (locked?.entries[0] === entry) {
        locked.entries.shift();
        locked.bytes -= entry.bytes;
        this.items -= 1;
        this.bytes -= entry.bytes;
      }
    }
  }

  /** Ends what `beginWriting` began, and answers the groups that are locked no more. Those that have more are due at once. */
  endWriting(nowMs: number): string[] {
    const released: string[] = [];
    for (const [group, locked] of this.groups) {
      if (locked.entries.length === 0) {
        this.groups.delete(group);
        released.push(group);
      } else if (locked.isBeingWritten) {
        locked.isBeingWritten = false;
        locked.failures = 0;
        this.setDue(locked, nowMs);
      }
    }
    return released;
  }

  private setDue(locked: LockedGroup<Entry>, dueAtMs: number): void {
    locked.dueAtMs = dueAtMs;
    this.earliestDueAtMs = Math.min(this.earliestDueAtMs, dueAtMs);
  }
}
