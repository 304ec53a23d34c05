import type { ErrorReply } from "../contract/roomful-error";
import type { Clock } from "../lifecycle/clock";

interface Entry {
  userId: string;
  error: ErrorReply;
  untilMs: number;
}

/** A memory that all nodes share. Its calls never fail; what it does not know in time it does not know. */
export interface SharedMemory {
  set(key: string, value: string, keepMs: number): void;
  get(key: string): Promise<string | undefined>;
}

/** A storm of cuts is remembered in part. */
const MAX_ENTRIES = 10_000;

/** Why the server cut a socket, until its user comes back and asks. A slow one could not be told at the time. */
export class DisconnectMemory {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly keepMs: number,
    private readonly clock: Pick<Clock, "monotonicMs">,
    /** Where all nodes can look; absent: there is one node. */
    private readonly shared?: SharedMemory,
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
    this.shared?.set(socketId, JSON.stringify({ userId, error }), this.keepMs);
  }

  /** Answers the same user only. */
  async recall(socketId: string, userId: string): Promise<ErrorReply | undefined> {
    const entry = this.entries.get(socketId);
    if (entry && entry.untilMs > this.clock.monotonicMs()) {
      return entry.userId === userId ? entry.error : undefined;
    }
    const text = await this.shared?.get(socketId);
    // Only nodes of ours write there.
    const known = text ? (JSON.parse(text) as Pick<Entry, "userId" | "error">) : undefined;
    return known?.userId === userId ? known.error : undefined;
  }
}
