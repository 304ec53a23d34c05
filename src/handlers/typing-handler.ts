import type { Payload } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { TypingTracker } from "../presence/typing-tracker";
import type { RoomMembership } from "./room-membership";
import type { EventHandler } from "./to-listener";

export interface TypingHandlerDeps {
  membership: Pick<RoomMembership, "isMember">;
  typing: Pick<TypingTracker, "typing">;
}

/** Tells the others in the room that somebody types, or no longer does. */
export function createTypingHandler({ membership, typing }: TypingHandlerDeps): EventHandler<Payload<"typing">> {
  return function handleTyping({ room, isTyping }, socket) {
    const { claims } = socket.data;
    if (!claims.maySend) {
      throw new RoomfulError("SEND_FORBIDDEN");
    }
    if (!membership.isMember(socket, room)) {
      throw new RoomfulError("NOT_IN_ROOM");
    }
    typing.typing(room, claims, isTyping);
    return null;
  };
}
