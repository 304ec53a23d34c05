import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";
import { toConnectError } from "./connect-error";

/** One condition a new socket must meet. Throws RoomfulError to refuse it. */
export type HandshakeCheck = (socket: RoomfulSocket) => void | Promise<void>;

/**
 * Namespace middleware: runs the checks in order; the first refusal ends the handshake.
 * `onRefused` undoes what earlier checks did.
 */
export function checkHandshake(
  checks: readonly HandshakeCheck[],
  onRefused: (socket: RoomfulSocket, error: unknown) => void,
): (socket: RoomfulSocket, next: (error?: Error) => void) => void {
  async function runAll(socket: RoomfulSocket): Promise<void> {
    for (const check of checks) {
      // What a check counts for a connection that ended during the one before it would never be taken back.
      if (socket.conn.readyState !== "open") {
        throw new RoomfulError("HANDSHAKE_TIMEOUT");
      }
      const pending = check(socket);
      if (pending) {
        // Few have to wait, and each wait that is none is a turn of the microtask queue.
        await pending;
      }
    }
  }

  return (socket, next) => {
    runAll(socket).then(
      () => next(),
      (error: unknown) => {
        next(toConnectError(error));
        onRefused(socket, error);
      },
    );
  };
}
