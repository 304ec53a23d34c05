import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulServer, RoomfulSocket } from "../contract/socket-data";
import { toConnectError } from "../middleware/connect-error";

/**
 * Answers the names of namespaces that are not listed with NAMESPACE_UNKNOWN. Socket.IO's own refusal has no code.
 *
 * A name that is asked for becomes a namespace for the moment of its refusal: the server must run with
 * `cleanupEmptyChildNamespaces`, and an adapter that opens something for each namespace must not be made for these.
 */
export function refuseUnknownNamespaces(
  io: RoomfulServer,
  onRefused: (socket: RoomfulSocket, error: RoomfulError) => void,
): void {
  io.of((_name, _auth, next) => next(null, true)).use((socket, next) => {
    const error = new RoomfulError("NAMESPACE_UNKNOWN");
    next(toConnectError(error));
    onRefused(socket as RoomfulSocket, error);
  });
}
