import type { Payload } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomMembership } from "./room-membership";
import type { EventHandler } from "./to-listener";

/** Takes the socket out of the room, at once and without a grace. */
export function createLeaveHandler(
  membership: Pick<RoomMembership, "exit" | "isMember">,
): EventHandler<Payload<"leave">> {
  return function handleLeave({ room }, socket) {
    if (!membership.isMember(socket, room)) {
      throw new RoomfulError("NOT_IN_ROOM");
    }
    membership.exit(socket, room, "left");
    return null;
  };
}
