import { acknowledge } from "../contract/acknowledgement";
import { toErrorReply } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";

/** A packet as Socket.IO hands it on: what a check puts into it is what the listener gets. */
type Packet = [event: string, ...args: unknown[]];

/** One condition a packet must meet before its handler runs. Throws RoomfulError to refuse it. */
export type PacketCheck = (packet: Packet, socket: RoomfulSocket) => void;

/**
 * Socket middleware: runs the checks, in order, on every packet of the socket.
 *
 * A refused packet is answered and dropped here. `next(error)` would only reach the
 * server's own `error` listener and leave the client waiting for its acknowledgement.
 */
export function checkPackets(
  socket: RoomfulSocket,
  checks: readonly PacketCheck[],
  onRefused: (event: string, error: unknown) => void,
): void {
  socket.use((packet, next) => {
    if (!socket.connected) {
      // The rest of a chunk that ended it: nobody is to be answered, and nothing to be checked.
      return;
    }
    try {
      for (const check of checks) {
        check(packet as Packet, socket);
      }
    } catch (error) {
      const [event, ...args] = packet;
      // First: a refusal too many ends the connection, and Engine.IO by itself writes one packet a turn: the one that says why.
      onRefused(event, error);
      acknowledge(args, { ok: false, error: toErrorReply(error) });
      return;
    }
    next();
  });
}
