import type { LiveMessage, StoredMessage, StoredRuns } from "../contract/events";
import { AnnouncedNumbers } from "./announced-numbers";
import { MessageRing } from "./message-ring";

/** The room's row, as it was read from Postgres; null where there is none yet. */
export interface RoomRow {
  epoch: string;
  lastSeq: number;
  delivery: Delivery | null;
}

export type Delivery = "fast" | "strict";

interface Shown {
  message: LiveMessage;
  /**
   * The tip when it was shown: the numbers up to it were given to others, or to an earlier showing.
   * undefined: it was not known.
   */
  tipWhenShown: number | undefined;
  /** More than one live event had this key: which of them was stored is not known here. */
  isAmbiguous: boolean;
}

/**
 * What this node knows of one room's log: epoch, tip, the newest stored messages, and what was
 * shown and is not yet numbered.
 *
 * It is fed by what this node delivers, its own and other nodes' broadcasts alike
 * (`broadcast/delivery-seam.ts`), and by the room's row. It never decides what is stored.
 */
export class RoomLog {
  /** undefined: not read yet; null: the room had no row. */
  private row: { epoch: string | null; delivery: Delivery | null } | undefined;
  private knownTip = 0;
  private readonly announced = new AnnouncedNumbers();
  private readers = 0;
  private isAbandoned = false;
  private readonly shown = new Map<string, Shown>();
  private readonly ring: MessageRing;

  constructor(ringMessages: number) {
    this.ring = new MessageRing(ringMessages);
  }

  /** The room's row was read since the last reset. */
  get isLoaded(): boolean {
    return this.row !== undefined;
  }

  /** The room's row is being read for the first time. */
  get isLoading(): boolean {
    return this.readers > 0 && !this.isLoaded;
  }

  /** null: unknown, or the room has no row yet. */
  get epoch(): string | null {
    return this.row?.epoch ?? null;
  }

  /** The room's own delivery mode; null: the service's default. */
  get delivery(): Delivery | null {
    return this.row?.delivery ?? null;
  }

  /** The highest number that this node knows; 0: unknown, or nothing is stored. */
  get tip(): number {
    return this.knownTip;
  }

  /**
   * The number up to which this node's members have been told everything, without a hole; undefined: not known. It begins
   * with what the room's row said after the first of them had joined.
   */
  get announcedUpTo(): number | undefined {
    return this.isLoaded ? this.announced.upTo : undefined;
  }

  /** The message was shown, and nothing that came later says its number. */
  isPending(userId: string, id: string): boolean {
    return this.shown.has(keyOf(userId, id));
  }

  get ringBytes(): number {
    return this.ring.bytes;
  }

  get hasShown(): boolean {
    return this.shown.size > 0;
  }

  /** What was shown here and not seen numbered or retracted, in the order in which it was shown. */
  pending(): LiveMessage[] {
    return Array.from(this.shown.values(), ({ message }) => message);
  }

  /** Runs a read that ends in `learn`, if Postgres answers. */
  async whileReading<Result>(read: () => Promise<Result>): Promise<Result> {
    this.readers += 1;
    try {
      return await read();
    } finally {
      this.readers -= 1;
    }
  }

  /** Takes what the room's row says, unless it is of another epoch: what follows from that is for `contradicts`. */
  learn(row: RoomRow | null): void {
    if (this.isAbandoned) {
      // A read that ended after the last member had left.
      return;
    }
    if (this.row === undefined) {
      this.announced.begin(row?.lastSeq ?? 0);
    }
    if (this.row === undefined || this.epoch === null || this.epoch === row?.epoch) {
      this.row = { epoch: row?.epoch ?? null, delivery: row?.delivery ?? null };
      this.knownTip = Math.max(this.knownTip, row?.lastSeq ?? 0);
    }
  }

  /**
   * True when the row is not the one that this node has followed: another epoch, or a number below
   * `tipBefore`, the tip from before the row was read.
   */
  contradicts(row: RoomRow | null, tipBefore: number): boolean {
    const isAnotherEpoch = this.epoch !== null && this.epoch !== (row?.epoch ?? null);
    return isAnotherEpoch || (row?.lastSeq ?? 0) < tipBefore;
  }

  /** A live message was delivered. */
  show(message: LiveMessage): void {
    const key = keyOf(message.userId, message.id);
    if (message.seq !== undefined) {
      // It comes from the table as it stands there.
      this.shown.delete(key);
      this.ring.add({ ...withoutTip(message), seq: message.seq });
      this.announced.add(message.seq);
      this.knownTip = Math.max(this.knownTip, message.seq);
      return;
    }
    const before = this.shown.get(key);
    this.shown.set(
      key,
      before
        ? { ...before, isAmbiguous: true }
        : { message, tipWhenShown: this.isLoaded ? this.knownTip : undefined, isAmbiguous: false },
    );
  }

  /** Numbers were delivered. */
  number({ epoch, runs }: StoredRuns): void {
    if (this.row?.epoch === null) {
      // The room's row was made by its first message, after this node looked for it.
      this.row.epoch = epoch;
    }
    if (this.row !== undefined && this.epoch !== epoch) {
      // Another life of the room: the next look at its row says which one is right.
      return;
    }
    for (const { from, items } of runs) {
      items.forEach(([userId, id], index) => {
        this.place(keyOf(userId, id), from + index);
      });
    }
  }

  /** A shown message will not be stored. */
  retract(userId: string, id: string): void {
    this.shown.delete(keyOf(userId, id));
  }

  /** The messages from `first` to `last`, if each of them is provably here. */
  range(first: number, last: number): StoredMessage[] | undefined {
    return this.ring.range(first, last);
  }

  /** Forgets the stored messages; what comes later is kept again. */
  dropRing(): void {
    this.ring.clear();
  }

  /** Nobody here is in the room any more: its row may change unseen, and is read again for the next member. */
  abandon(): void {
    this.isAbandoned = true;
    this.announced.clear();
    this.row = undefined;
    this.knownTip = 0;
  }

  /** Somebody is in the room again. */
  resume(): void {
    this.isAbandoned = false;
  }

  /** Forgets everything. */
  reset(): void {
    this.ring.clear();
    this.shown.clear();
    this.announced.clear();
    this.row = undefined;
    this.knownTip = 0;
  }

  private place(key: string, seq: number): void {
    const shown = this.shown.get(key);
    this.shown.delete(key);
    // A number at or below the tip of its showing is a repeat of something stored earlier,
    // whose time and names may be others.
    if (shown?.tipWhenShown !== undefined && !shown.isAmbiguous && seq > shown.tipWhenShown) {
      this.ring.add({ ...withoutTip(shown.message), seq });
    }
    if (shown) {
      // A number alone tells the members nothing, when its message was lost on the way here.
      this.announced.add(seq);
    }
    this.knownTip = Math.max(this.knownTip, seq);
  }
}

/** Users' ids may hold any character but NUL. */
function keyOf(userId: string, id: string): string {
  return `${userId}\0${id}`;
}

/** The message without what belongs to its delivery only. */
function withoutTip(live: LiveMessage) {
  const { tip: _tip, stored: _stored, seq: _seq, ...message } = live;
  return message;
}
