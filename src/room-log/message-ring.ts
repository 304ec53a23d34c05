import type { StoredMessage } from "../contract/events";

/** The newest stored messages of one room, by number. Holes are allowed and found when it is read. */
export class MessageRing {
  private readonly messages = new Map<number, { message: StoredMessage; bytes: number }>();
  private totalBytes = 0;

  constructor(private readonly capacity: number) {}

  get bytes(): number {
    return this.totalBytes;
  }

  add(message: StoredMessage): void {
    if (this.capacity === 0 || this.messages.has(message.seq)) {
      return;
    }
    const bytes = bytesOf(message);
    this.messages.set(message.seq, { message, bytes });
    this.totalBytes += bytes;
    if (this.messages.size > this.capacity) {
      // Numbers come nearly in order, so the first that came is the oldest, or as good as.
      const [oldest] = this.messages.keys();
      this.delete(oldest);
    }
  }

  get(seq: number): StoredMessage | undefined {
    return this.messages.get(seq)?.message;
  }

  /** The lowest and the highest number; undefined: it is empty. */
  get span(): { first: number; last: number } | undefined {
    let [first, last] = [Number.POSITIVE_INFINITY, 0];
    for (const seq of this.messages.keys()) {
      first = Math.min(first, seq);
      last = Math.max(last, seq);
    }
    return last > 0 ? { first, last } : undefined;
  }

  /** All messages from `first` to `last`, or undefined when one of them is not here. */
  range(first: number, last: number): StoredMessage[] | undefined {
    if (last - first >= this.messages.size) {
      return undefined;
    }
    const found: StoredMessage[] = [];
    for (let seq = first; seq <= last; seq += 1) {
      const entry = this.messages.get(seq);
      if (!entry) {
        return undefined;
      }
      found.push(entry.message);
    }
    return found;
  }

  clear(): void {
    this.messages.clear();
    this.totalBytes = 0;
  }

  private delete(seq: number | undefined): void {
    const entry = seq === undefined ? undefined : this.messages.get(seq);
    if (seq !== undefined && entry) {
      this.messages.delete(seq);
      this.totalBytes -= entry.bytes;
    }
  }
}

/** A message's share of memory: strings at two bytes a unit, and the object around them. */
const OBJECT_BYTES = 400;

function bytesOf(message: StoredMessage): number {
  const metadata = message.metadata ? JSON.stringify(message.metadata).length : 0;
  return OBJECT_BYTES + 2 * (message.content.length + metadata);
}
