import type { ErrorReply } from "../contract/roomful-error";
import type { Clock } from "../lifecycle/clock";

interface Entry {
  userId: string;
  error: ErrorReply;
  untilMs: number;
}

/** A storm of cuts is remembered in part. */
const MAX_ENTRIES = 10_000;

/** Why the server cut a socket, until its user comes back and asks. A slow one could not be told at the time. */
export class DisconnectMemory {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly keepMs: number,
    private readonly clock: Pick<Clock, "monotonicMs">,
  ) {}

  remember(socketId: string, userId: string, error: ErrorReply): void {
    const nowMs = this.clock.monotonicMs();
    for (const [oldest, { untilMs }] of this.entries) {
      if (untilMs > nowMs && this.entries.size < MAX_ENTRIES) {
        break;
      }
      this.entries.delete(oldest);
    }
    this.entries.set(socketId, { userId, error, untilMs: nowMs + this.keepMs });
  }

  /** Answers the same user only. */
  recall(socketId: string, userId: string): ErrorReply | undefined {
    const entry = this.entries.get(socketId);
    const isValid = entry?.userId === userId && entry.untilMs > this.clock.monotonicMs();
    return isValid ? entry.error : undefined;
  }
}
