import type { RoomMembers } from "../access/room-members";
import type { RoomList } from "../contract/events";
import type { Payload } from "../contract/payload-schemas";
import type { PresenceTracker } from "../presence/presence-tracker";
import type { RoomLogs } from "../room-log/room-logs";
import type { RoomAccess } from "./room-access";
import type { EventHandler } from "./to-listener";

const ROOMS_PER_PAGE = 100;

export interface RoomsHandlerDeps {
  namespace: string;
  presence: Pick<PresenceTracker, "rooms">;
  logs: Pick<RoomLogs, "find">;
  mayJoin: RoomAccess;
  /** Where rooms are for members. */
  members: Pick<RoomMembers, "roomsOf"> | undefined;
}

/** Lists the rooms with somebody in them that the token may join, by name. */
export function createRoomsHandler(deps: RoomsHandlerDeps): EventHandler<Payload<"rooms">, RoomList> {
  const { namespace, presence, logs, mayJoin, members } = deps;
  return async function handleRooms({ after }, socket) {
    const { claims } = socket.data;
    const memberOf = await members?.roomsOf(namespace, claims.userId);
    const accepts = (room: string): boolean => mayJoin(claims, room) && (memberOf?.has(room) ?? true);
    const { rooms, ...rest } = await presence.rooms(after, accepts, ROOMS_PER_PAGE);
    return {
      rooms: rooms.map(({ room, count }) => ({ room, count, lastSeq: logs.find(namespace, room)?.tip ?? 0 })),
      ...rest,
    };
  };
}
