import type { LiveMessage, MessageKey, StoredMessage, StoredRuns } from "../contract/events";
import type { Clock } from "../lifecycle/clock";
import { AnnouncedNumbers } from "./announced-numbers";
import { MessageRing } from "./message-ring";
import type { NumberedKeys } from "./numbered-keys";
import { type Pending, type Shown, ShownMessages } from "./shown-messages";

/** The room's row, as it was read from Postgres; null where there is none yet. */
export interface RoomRow {
  epoch: string;
  lastSeq: number;
  delivery: Delivery | null;
  /** The key of the message with the last number, where it was read too. */
  lastKey?: MessageKey | null;
}

/** The row, and what was asked of the table by `RoomLog.look`, of the same moment. */
export interface CheckedRow extends RoomRow {
  /** The key of the message with the witness' number; null: there is none. */
  witness: MessageKey | null;
  /** How many messages the table holds in the ring's span. */
  inSpan: number;
}

/** What a log believed at one moment, to be compared with the table. */
export interface Look {
  epoch: string | null;
  tip: number;
  witness: Witness | undefined;
  /** Of the ring. */
  span: { first: number; last: number } | undefined;
  doubts: number;
}

/** A number of which it is known whose it is: with another's message under it, the table tells another history. */
interface Witness {
  seq: number;
  key: string;
}

export type Delivery = "fast" | "strict";

export interface RoomLogParts {
  ringMessages: number;
  /** Of all rooms. */
  numbered: NumberedKeys;
  clock: Pick<Clock, "monotonicMs">;
}

/**
 * What this node knows of one room's log: epoch, tip, the newest stored messages, and what was
 * shown and is not yet numbered.
 *
 * A doubt (Postgres was away, a number came under two keys) lasts until the log was compared with the table: while it
 * does, nothing is answered from here.
 *
 * It is fed by what this node delivers, its own and other nodes' broadcasts alike
 * (`broadcast/delivery-seam.ts`), and by the room's row. It never decides what is stored.
 */
export class RoomLog {
  /** undefined: not read yet; null: the room had no row. */
  private row: { epoch: string | null } | undefined;
  private knownDelivery: Delivery | null = null;
  private knownTip = 0;
  private readonly announced = new AnnouncedNumbers();
  private readers = 0;
  private readonly shown = new ShownMessages();
  private readonly ring: MessageRing;
  private witness: Witness | undefined;
  private doubts = 0;
  private settledDoubts = 0;
  /** Another object after each reset. */
  private life = {};

  constructor(private readonly parts: RoomLogParts) {
    this.ring = new MessageRing(parts.ringMessages);
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

  /** The room's own delivery mode; null: the service's default. What it was counts until the row is read again. */
  get delivery(): Delivery | null {
    return this.knownDelivery;
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

  /** The table may hold another history than this. */
  get isDoubtful(): boolean {
    return this.doubts !== this.settledDoubts;
  }

  /** What was shown here and not seen numbered or retracted: the newest that fit. */
  pending(maxBytes: number): Pending {
    return this.shown.newest(maxBytes);
  }

  /** The same, all that was shown at that time or before. */
  shownUntil(ms: number): Shown[] {
    return this.shown.shownUntil(ms);
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
    if (this.row === undefined) {
      this.announced.begin(row?.lastSeq ?? 0);
    }
    if (this.row === undefined || this.epoch === null || this.epoch === row?.epoch) {
      this.row = { epoch: row?.epoch ?? null };
      this.knownDelivery = row?.delivery ?? null;
      this.knownTip = Math.max(this.knownTip, row?.lastSeq ?? 0);
      if (row?.lastKey) {
        this.bearWitness(keyOf(...row.lastKey), row.lastSeq);
      }
    }
  }

  /** What is to be compared with the table. */
  look(): Look {
    const { epoch, knownTip: tip, witness, doubts } = this;
    return { epoch, tip, witness, span: this.ring.span, doubts };
  }

  /** True when the row is not the one that this node has followed: another epoch, number or message than at the look before. */
  contradicts(row: CheckedRow | null, { epoch, tip, witness }: Look): boolean {
    const isAnotherEpoch = epoch !== null && epoch !== (row?.epoch ?? null);
    const isAnothers = !!row?.witness && keyOf(...row.witness) !== witness?.key;
    return isAnotherEpoch || (row?.lastSeq ?? 0) < tip || isAnothers;
  }

  /** True when messages that the ring held at the look, or the witness, are not in the table any more. */
  lacks(row: CheckedRow | null, { span, witness }: Look): boolean {
    const expected = span ? span.last - span.first + 1 : 0;
    return (row?.inSpan ?? 0) < expected || (witness !== undefined && !row?.witness);
  }

  /** Takes the row of a look that it does not contradict: doubts from before the look are over. */
  confirm(row: CheckedRow | null, { doubts, witness }: Look): void {
    if (witness !== undefined && witness === this.witness && !row?.witness) {
      // Its message was deleted: it can tell nothing any more.
      this.witness = undefined;
    }
    this.settledDoubts = doubts;
    this.learn(row);
  }

  /** What is held here may be gone from the table, until it was compared. */
  doubt(): void {
    this.doubts += 1;
    this.ring.clear();
  }

  /** A live message was delivered. */
  show(message: LiveMessage): void {
    const key = keyOf(message.userId, message.id);
    if (message.seq !== undefined) {
      // It comes from the table as it stands there.
      this.shown.remove(key);
      this.take(key, message.seq);
      this.ring.add({ ...withoutTip(message), seq: message.seq });
      this.announced.add(message.seq);
      return;
    }
    const numberedAs = this.parts.numbered.find(key, this.life);
    if (numberedAs !== undefined) {
      // A late copy, or a repeat: it is stored.
      this.announced.add(numberedAs);
      return;
    }
    const { stored, ...alone } = message;
    // The numbers that it carried are nothing of its own.
    this.shown.add(
      key,
      stored ? alone : message,
      this.parts.clock.monotonicMs(),
      this.isLoaded ? this.knownTip : undefined,
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
    this.shown.remove(keyOf(userId, id));
  }

  /** The messages from `first` to `last`, if each of them is provably here. */
  range(first: number, last: number): StoredMessage[] | undefined {
    return this.ring.range(first, last);
  }

  /** Forgets the stored messages; what comes later is kept again. */
  dropRing(): void {
    this.ring.clear();
  }

  /** Forgets the room that was followed; what was shown still waits for its fate. */
  reset(): void {
    this.ring.clear();
    // Nothing is held that could be wrong: the row is read before anything is answered.
    this.settledDoubts = this.doubts;
    this.shown.forgetTips();
    this.announced.clear();
    this.row = this.witness = undefined;
    this.knownTip = 0;
    this.life = {};
  }

  private place(key: string, seq: number): void {
    const shown = this.shown.remove(key);
    this.take(key, seq);
    // A number at or below the tip of its showing is a repeat of something stored earlier,
    // whose time and names may be others.
    if (shown?.tipWhenShown !== undefined && !shown.isAmbiguous && seq > shown.tipWhenShown) {
      this.ring.add({ ...withoutTip(shown.message), seq });
    }
    if (shown) {
      // A number alone tells the members nothing, when its message was lost on the way here.
      this.announced.add(seq);
    }
  }

  /** The message has the number. */
  private take(key: string, seq: number): void {
    this.parts.numbered.add(key, seq, this.life);
    this.bearWitness(key, seq);
    this.knownTip = Math.max(this.knownTip, seq);
  }

  private bearWitness(key: string, seq: number): void {
    const held = this.ring.get(seq);
    const before = held ? keyOf(held.userId, held.id) : this.witness?.seq === seq ? this.witness.key : undefined;
    if (before !== undefined && before !== key) {
      // One of them is of another history, or forged: the table decides.
      this.witness = { seq, key: before };
      this.doubt();
    } else if (!this.isDoubtful && seq >= (this.witness?.seq ?? 0)) {
      this.witness = { seq, key };
    }
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
