interface Remembered<Stored> {
  fingerprint: string;
  group: string;
  stored: Stored;
}

/** The keys of the items that were stored last, at most `capacity`; the oldest goes first. */
export class RecentKeys<Stored> {
  private readonly entries = new Map<string, Remembered<Stored>>();

  constructor(private readonly capacity: number) {}

  get(key: string): Remembered<Stored> | undefined {
    return this.entries.get(key);
  }

  remember(key: string, entry: Remembered<Stored>): void {
    // Deleted first, so that it moves to the young end.
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (this.entries.size > this.capacity) {
      for (const oldest of this.entries.keys()) {
        this.entries.delete(oldest);
        break;
      }
    }
  }

  forget(group: string): void {
    for (const [key, entry] of this.entries) {
      if (entry.group === group) {
        this.entries.delete(key);
      }
    }
  }
}
