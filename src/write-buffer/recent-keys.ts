import type { Clock } from "../lifecycle/clock";

interface Remembered<Stored> {
  fingerprint: string;
  stored: Stored;
}

export interface RecentKeysOptions {
  /** Keys remembered at most; the oldest goes first. */
  capacity: number;
  /** What became of an item counts for this long: later it may be gone from where it was stored, and nobody here is told. */
  trustMs: number;
  clock: Pick<Clock, "monotonicMs">;
}

/** The keys of the items that were stored last. */
export class RecentKeys<Stored> {
  private readonly entries = new Map<string, Remembered<Stored> & { trustedUntilMs: number; doubts: number }>();
  private doubts = 0;

  constructor(private readonly options: RecentKeysOptions) {}

  /** What became of the item, while that counts. */
  get(key: string): Remembered<Stored> | undefined {
    const entry = this.entries.get(key);
    const isTrusted = entry?.doubts === this.doubts && entry.trustedUntilMs > this.options.clock.monotonicMs();
    return isTrusted ? entry : undefined;
  }

  /** The item was stored once. */
  has(key: string): boolean {
    return this.entries.has(key);
  }

  remember(key: string, { fingerprint, stored }: Remembered<Stored>): void {
    const { capacity, trustMs, clock } = this.options;
    // Deleted first, so that it moves to the young end.
    this.entries.delete(key);
    this.entries.set(key, {
      ...{ fingerprint, stored, doubts: this.doubts },
      trustedUntilMs: clock.monotonicMs() + trustMs,
    });
    if (this.entries.size > capacity) {
      for (const oldest of this.entries.keys()) {
        this.entries.delete(oldest);
        break;
      }
    }
  }

  /** What was stored may be gone: no answer counts any more. As cheap for 20,000 rooms that are other ones as for one. */
  doubt(): void {
    this.doubts += 1;
  }
}
