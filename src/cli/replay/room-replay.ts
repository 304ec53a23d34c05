import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { uuidv7 } from "uuidv7";

import type { Client } from "./client";
import type { IrcLog } from "./irc-log";
import type { Reader } from "./reader";

interface Sent {
  sentAtMs: number;
  /** Members that were in the room when it was sent, and have not got it. */
  waiting: Set<Client>;
}

/** Members that leave wait for what was sent while they were in, but not for ever. */
const LEAVE_TIMEOUT_MS = 60_000;
const LEAVE_POLL_MS = 5;

/** One file on its way through one room: what was sent, answered and seen, and what the room holds in the end. */
export class RoomReplay {
  sent = 0;
  expectedDeliveries = 0;
  delivered = 0;
  stored = 0;
  duplicates = 0;
  holes = 0;
  /** Acknowledged, and not in the room under the acknowledged number. */
  missing = 0;
  /** Codes of what was refused for good, and how often. */
  readonly refused = new Map<string, number>();
  /** Microseconds. */
  readonly deliveryTimes: RecordableHistogram = createHistogram();
  readonly answerTimes: RecordableHistogram = createHistogram();
  /** Numbers by id of what was acknowledged. */
  private readonly acknowledgedSeqs = new Map<string, number>();
  private readonly members = new Set<Client>();
  private readonly inFlight = new Map<string, Sent>();

  constructor(
    readonly title: string,
    readonly room: string,
    readonly log: IrcLog,
  ) {}

  get acknowledged(): number {
    return this.acknowledgedSeqs.size;
  }

  get isComplete(): boolean {
    return (
      this.sent === this.log.speeches.length &&
      this.sent === this.acknowledged &&
      this.sent === this.stored &&
      this.duplicates + this.holes + this.missing === 0
    );
  }

  async join(client: Client): Promise<void> {
    await client.join(this.room);
    this.members.add(client);
  }

  async leave(client: Client): Promise<void> {
    this.members.delete(client);
    const deadlineMs = performance.now() + LEAVE_TIMEOUT_MS;
    while (this.isAwaitedBy(client) && performance.now() < deadlineMs) {
      await delay(LEAVE_POLL_MS);
    }
    await client.leave(this.room);
  }

  /** Sends one line and waits for its number. Rejects with the refusal. */
  async send(client: Client, content: string): Promise<void> {
    const id = uuidv7();
    const sent: Sent = { sentAtMs: performance.now(), waiting: new Set(this.members) };
    this.inFlight.set(id, sent);
    this.sent += 1;
    this.expectedDeliveries += sent.waiting.size;
    const { seq } = await client.send(this.room, id, content);
    this.answerTimes.record(microsecondsSince(sent.sentAtMs));
    this.acknowledgedSeqs.set(id, seq);
    this.forgetIfDone(id, sent);
  }

  observe(client: Client, id: string): void {
    const sent = this.inFlight.get(id);
    if (sent?.waiting.delete(client)) {
      this.delivered += 1;
      this.deliveryTimes.record(microsecondsSince(sent.sentAtMs));
      this.forgetIfDone(id, sent);
    }
  }

  countRefusal(code: string): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
  }

  /** Reads the whole room as `history` answers it, and compares it with what was acknowledged. */
  async verify(reader: Pick<Reader, "join" | "readAfter">): Promise<void> {
    await reader.join(this.room);
    const seqs = new Map<string, number>();
    let last = 0;
    for (let hasMore = true; hasMore; ) {
      const page = await reader.readAfter(this.room, last);
      for (const { seq, id } of page.messages) {
        this.stored += 1;
        this.holes += seq - last - 1;
        this.duplicates += seqs.has(id) ? 1 : 0;
        seqs.set(id, seq);
        last = seq;
      }
      hasMore = page.hasMoreAfter;
    }
    for (const [id, seq] of this.acknowledgedSeqs) {
      this.missing += seqs.get(id) === seq ? 0 : 1;
    }
  }

  private forgetIfDone(id: string, { waiting }: Sent): void {
    if (waiting.size === 0 && this.acknowledgedSeqs.has(id)) {
      this.inFlight.delete(id);
    }
  }

  private isAwaitedBy(client: Client): boolean {
    for (const { waiting } of this.inFlight.values()) {
      if (waiting.has(client)) {
        return true;
      }
    }
    return false;
  }
}

/** At least 1: a histogram holds nothing below. */
function microsecondsSince(startMs: number): number {
  return Math.max(1, Math.round((performance.now() - startMs) * 1_000));
}
