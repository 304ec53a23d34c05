import { RoomfulError } from "../contract/roomful-error";
import type { Clock } from "../lifecycle/clock";

/** What is needed of a new Engine.IO connection. */
export interface NewConnection {
  write(data: string): unknown;
  close(): unknown;
  once(event: "close", listener: () => void): unknown;
}

export interface HandshakeTimeoutOptions {
  timeoutMs: number;
  clock: Clock;
  isUsed(connection: NewConnection): boolean;
}

/** Socket.IO's CONNECT_ERROR to the default namespace, as it goes over the wire: type 4, then the error. */
const CONNECT_ERROR = "4";

/** Closes a connection on which no namespace was joined in time, after saying so. */
export function limitHandshakeTime({ timeoutMs, clock, isUsed }: HandshakeTimeoutOptions) {
  return (connection: NewConnection): void => {
    const timer = clock.setTimer(() => {
      if (!isUsed(connection)) {
        const reply = new RoomfulError("HANDSHAKE_TIMEOUT", { retryAfterMs: 1_000 }).toReply();
        connection.write(CONNECT_ERROR + JSON.stringify({ message: reply.message, data: reply }));
        connection.close();
      }
    }, timeoutMs);
    connection.once("close", () => timer.clear());
  };
}
