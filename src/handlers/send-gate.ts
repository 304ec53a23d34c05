import { RoomfulError } from "../contract/roomful-error";
import type { Clock } from "../lifecycle/clock";

/** A refused sender that never comes back with its message is let through after this. */
const MAX_HOLD_MS = 10_000;
const UNANSWERED_RETRY_MS = 250;
/** As many rooms as a socket may be in by default: a hold lasts seconds, and joins have a rate, so there are few more. */
const PRUNE_ABOVE = 100;

interface Hold {
  /** The refused message; undefined when its sender gave it no id, and cannot send it again under the same. */
  id: string | undefined;
  error: RoomfulError;
  untilMs: number;
}

/**
 * What one socket may send now: it keeps a sender's order with several sends in flight.
 *
 * After a retryable refusal, later sends to the same room are refused with the same code until
 * the first refused one comes again: otherwise the second would overtake the first.
 */
export class SendGate {
  private readonly holds = new Map<string, Hold>();
  private unanswered = 0;

  constructor(
    private readonly maxUnanswered: number,
    private readonly clock: Clock,
  ) {}

  /** Throws what an earlier send to the room was refused with, unless this is the one that was refused. */
  check(room: string, id: string | undefined): void {
    const hold = this.holds.get(room);
    if (!hold) {
      return;
    }
    const remainingMs = hold.untilMs - this.clock.monotonicMs();
    if (remainingMs > 0 && (hold.id === undefined || hold.id !== id)) {
      throw new RoomfulError(hold.error.code, {
        retryAfterMs: Math.min(hold.error.retryAfterMs ?? remainingMs, remainingMs),
      });
    }
    this.holds.delete(room);
  }

  /** Later sends to the room wait for this one. */
  hold(room: string, id: string | undefined, error: RoomfulError): void {
    const nowMs = this.clock.monotonicMs();
    const holdMs = id === undefined ? (error.retryAfterMs ?? 0) : MAX_HOLD_MS;
    if (this.holds.size >= PRUNE_ABOVE) {
      this.prune(nowMs);
    }
    this.holds.set(room, { id, error, untilMs: nowMs + Math.min(holdMs, MAX_HOLD_MS) });
  }

  /** The refused message arrived after all, on another socket for instance. */
  settle(room: string, id: string): void {
    if (this.holds.get(room)?.id === id) {
      this.holds.delete(room);
    }
  }

  /** Counts a send until it is answered. */
  async whileUnanswered<Answer>(answer: Promise<Answer>): Promise<Answer> {
    this.unanswered += 1;
    try {
      return await answer;
    } finally {
      this.unanswered -= 1;
    }
  }

  /** Throws RATE_LIMITED when as many sends wait for their answer as may. */
  checkUnanswered(): void {
    if (this.maxUnanswered > 0 && this.unanswered >= this.maxUnanswered) {
      throw new RoomfulError("RATE_LIMITED", { retryAfterMs: UNANSWERED_RETRY_MS });
    }
  }
  /** The rooms of a socket come and go: those that it never sends to again would stay. */
  private prune(nowMs: number): void {
    for (const [room, { untilMs }] of this.holds) {
      if (untilMs <= nowMs) {
        this.holds.delete(room);
      }
    }
  }
}
