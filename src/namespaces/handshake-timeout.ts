import { RoomfulError } from "../contract/roomful-error";
import type { Clock, Timer } from "../lifecycle/clock";

/** What is needed of a new Engine.IO connection. */
export interface NewConnection {
  write(data: string): unknown;
  close(): unknown;
  on(event: "close", listener: () => void): unknown;
}

export interface HandshakeTimeoutOptions {
  timeoutMs: number;
  clock: Clock;
  isUsed(connection: NewConnection): boolean;
}

/** Socket.IO's CONNECT_ERROR to the default namespace, as it goes over the wire: type 4, then the error. */
const CONNECT_ERROR = "4";

/**
 * Closes a connection on which no namespace was joined in time, after saying so. All wait equally long, so one timer, for the one
 * that came first, is enough.
 */
export function limitHandshakeTime({ timeoutMs, clock, isUsed }: HandshakeTimeoutOptions) {
  /** When their time is over; in the order in which they came. */
  const waiting = new Map<NewConnection, number>();
  let timer: Timer | undefined;

  function forget(this: NewConnection): void {
    waiting.delete(this);
  }

  function waitForFirst(): void {
    const [dueMs] = waiting.values();
    timer = dueMs === undefined ? undefined : clock.setTimer(closeLate, dueMs - clock.monotonicMs());
  }

  function closeLate(): void {
    const nowMs = clock.monotonicMs();
    for (const [connection, dueMs] of waiting) {
      if (dueMs > nowMs) {
        break;
      }
      waiting.delete(connection);
      if (!isUsed(connection)) {
        const reply = new RoomfulError("HANDSHAKE_TIMEOUT", { retryAfterMs: 1_000 }).toReply();
        connection.write(CONNECT_ERROR + JSON.stringify({ message: reply.message, data: reply }));
        connection.close();
      }
    }
    waitForFirst();
  }

  return (connection: NewConnection): void => {
    waiting.set(connection, clock.monotonicMs() + timeoutMs);
    connection.on("close", forget);
    if (!timer) {
      waitForFirst();
    }
  };
}
