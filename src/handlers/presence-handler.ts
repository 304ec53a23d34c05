import type { PresencePage } from "../contract/events";
import type { Payload } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { PresenceTracker } from "../presence/presence-tracker";
import type { RoomMembership } from "./room-membership";
import type { EventHandler } from "./to-listener";

export interface PresenceHandlerDeps {
  membership: Pick<RoomMembership, "isMember">;
  presence: Pick<PresenceTracker, "list">;
}

/** Lists who is in a room, a page at a time, to those who are in it. */
export function createPresenceHandler(deps: PresenceHandlerDeps): EventHandler<Payload<"presence">, PresencePage> {
  return async function handlePresence({ room, after }, socket) {
    if (!deps.membership.isMember(socket, room)) {
      throw new RoomfulError("NOT_IN_ROOM");
    }
    return deps.presence.list(room, after);
  };
}
