/** Keys that are kept, of all rooms together. */
const CAPACITY = 20_000;

/**
 * Keys of messages that were numbered a moment ago. A copy without the number that comes later, over another way, waits
 * for nothing.
 */
export class NumberedKeys {
  private readonly entries = new Map<string, { life: object; seq: number }>();

  constructor(private readonly capacity = CAPACITY) {}

  /** `life`: of the room in which the number counts. */
  add(key: string, seq: number, life: object): void {
    // Deleted first, so that it moves to the young end.
    this.entries.delete(key);
    this.entries.set(key, { life, seq });
    if (this.entries.size > this.capacity) {
      for (const oldest of this.entries.keys()) {
        this.entries.delete(oldest);
        break;
      }
    }
  }

  /** The number of the message in that life of its room, if it is known. */
  find(key: string, life: object): number | undefined {
    const entry = this.entries.get(key);
    return entry?.life === life ? entry.seq : undefined;
  }
}
