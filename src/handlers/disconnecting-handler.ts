import type { DisconnectReason } from "socket.io";

import type { RoomfulSocket } from "../contract/socket-data";
import type { Departure, RoomMembership } from "./room-membership";

/** Reasons after which the client may well come back by itself in a moment. */
const LOST_TRANSPORT: ReadonlySet<DisconnectReason> = new Set(["transport close", "transport error", "forced close"]);

/** Takes a socket out of its rooms. `disconnecting`, since at `disconnect` its rooms are gone. */
export function createDisconnectingHandler(membership: Pick<RoomMembership, "exit" | "roomsOf">) {
  return function handleDisconnecting(socket: RoomfulSocket, reason: DisconnectReason): void {
    const how: Departure = LOST_TRANSPORT.has(reason) ? "lost" : "left";
    for (const room of membership.roomsOf(socket)) {
      membership.exit(socket, room, how);
    }
  };
}
