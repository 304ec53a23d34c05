import type { MessageKey, StoredRun, StoredRuns } from "../contract/events";
import type { Clock, Timer } from "../lifecycle/clock";
import type { RoomEmitter } from "./room-emitter";

/** A message's key, and the number that it was given. */
export interface NumberedKey {
  seq: number;
  key: MessageKey;
}

interface Gathered {
  room: string;
  epoch: string;
  items: NumberedKey[];
  /** At most so many on the wire. */
  bytes: number;
  timer: Timer;
}

export interface StoredAnnouncerOptions {
  emitter: Pick<RoomEmitter, "emit">;
  /** Numbers of a room are gathered for this long, or until a message carries them. */
  intervalMs: number;
  clock: Clock;
}

/** No packet of numbers is larger, nor what a message carries of them: after an outage thousands come at once. */
const MAX_BYTES = 65_536;
/** A control character in JSON. */
const MAX_BYTES_PER_UNIT = 6;
/** An id, and what separates. */
const BYTES_PER_ITEM = 44;

/** Tells rooms the numbers of what was shown to them, in as few packets as it can. One for each namespace. */
export class StoredAnnouncer {
  private readonly gathered = new Map<string, Gathered>();

  constructor(private readonly options: StoredAnnouncerOptions) {}

  add(room: string, epoch: string, seq: number, key: MessageKey): void {
    let entry = this.gathered.get(room);
    if (entry && entry.epoch !== epoch) {
      this.announce(room);
      entry = undefined;
    }
    if (!entry) {
      const { clock, intervalMs } = this.options;
      entry = { room, epoch, items: [], bytes: 0, timer: clock.setTimer(() => this.announce(room), intervalMs) };
      this.gathered.set(room, entry);
    }
    entry.items.push({ seq, key });
    entry.bytes += key[0].length * MAX_BYTES_PER_UNIT + BYTES_PER_ITEM;
    if (entry.bytes > MAX_BYTES) {
      this.announce(room);
    }
  }

  /** What is to be announced in the room, for a message that is about to leave: it is announced with it. */
  take(room: string): StoredRuns | undefined {
    const entry = this.gathered.get(room);
    if (!entry) {
      return undefined;
    }
    entry.timer.clear();
    this.gathered.delete(room);
    return { epoch: entry.epoch, runs: toRuns(entry.items) };
  }

  /** Announces everything now. */
  flush(): void {
    for (const room of [...this.gathered.keys()]) {
      this.announce(room);
    }
  }

  private announce(room: string): void {
    const stored = this.take(room);
    if (stored) {
      this.options.emitter.emit(room, "stored", { room, ...stored });
    }
  }
}

/** Consecutive numbers become one run. A number comes twice when its message was sent again: once is enough. */
export function toRuns(items: readonly NumberedKey[]): StoredRun[] {
  const runs: StoredRun[] = [];
  let next = Number.NaN;
  for (const { seq, key } of items.toSorted((a, b) => a.seq - b.seq)) {
    if (seq === next - 1) {
      continue;
    }
    if (seq === next) {
      runs.at(-1)?.items.push(key);
    } else {
      runs.push({ from: seq, items: [key] });
    }
    next = seq + 1;
  }
  return runs;
}
