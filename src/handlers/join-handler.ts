import type { RoomMembers } from "../access/room-members";
import type { RoomState } from "../contract/events";
import type { Payload } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";
import type { CatchUp, CaughtUp } from "../room-log/catch-up";
import type { RoomLog } from "../room-log/room-log";
import { NOTHING_PENDING } from "../room-log/shown-messages";
import type { RoomAccess } from "./room-access";
import type { RoomMembership } from "./room-membership";
import { PENDING_SHARE, roomStateOf } from "./room-state";
import type { EventHandler } from "./to-listener";

export interface JoinHandlerDeps {
  namespace: string;
  membership: Pick<RoomMembership, "enter" | "isMember" | "roomsOf">;
  catchUp: Pick<CatchUp, "read">;
  mayJoin: RoomAccess;
  /** Where rooms are for members. */
  members: Pick<RoomMembers, "has"> | undefined;
  maxRooms: number;
  maxPageBytes: number;
}

/**
 * Puts the socket into the room and answers what it missed.
 *
 * Enter first, read after: what is shown in between arrives as an event, what was shown before and
 * is not numbered is in `pending`, and what is numbered is in the page.
 */
export function createJoinHandler(deps: JoinHandlerDeps): EventHandler<Payload<"join">, RoomState> {
  const { namespace, membership, catchUp, mayJoin, members, maxRooms, maxPageBytes: maxBytes } = deps;

  return async function handleJoin({ room, after, epoch, limit }, socket) {
    checkAccess(socket, room);
    // Only where it must: a message that follows in the same turn of the event loop finds its sender in the room.
    if (members) {
      await checkMember(members, socket, room);
    }
    const { log, present: entering } = membership.enter(socket, room);
    const pending = log?.pending(maxBytes * PENDING_SHARE) ?? NOTHING_PENDING;
    const [present, page] = await Promise.all([
      entering,
      catchUp.read({ namespace, room, after, epoch, limit }, log).catch((error) => withoutPage(error, log)),
    ]);
    return roomStateOf({ room, page, pending, present, maxBytes });
  };

  async function checkMember(of: Pick<RoomMembers, "has">, socket: RoomfulSocket, room: string): Promise<void> {
    const isMember = await of.has({ namespace, room, userId: socket.data.claims.userId });
    if (!isMember) {
      throw new RoomfulError("ROOM_FORBIDDEN");
    }
    if (!socket.connected) {
      // It went while Postgres was asked: what enters now is never taken out.
      throw new RoomfulError("UNAVAILABLE");
    }
    // Other joins went on meanwhile.
    checkAccess(socket, room);
  }

  function checkAccess(socket: RoomfulSocket, room: string): void {
    if (!mayJoin(socket.data.claims, room)) {
      throw new RoomfulError("ROOM_FORBIDDEN");
    }
    if (!membership.isMember(socket, room) && membership.roomsOf(socket).length >= maxRooms) {
      throw new RoomfulError("TOO_MANY_ROOMS", { details: { maxRooms } });
    }
  }
}

/** While Postgres is away a join stands; the reader catches up later. Other errors are not to be hidden. */
function withoutPage(error: unknown, log: RoomLog | undefined): Omit<CaughtUp, "lastSeq"> & { lastSeq: number | null } {
  if (!(error instanceof RoomfulError && error.code === "UNAVAILABLE")) {
    throw error;
  }
  return {
    epoch: log?.epoch ?? null,
    lastSeq: log?.isLoaded ? log.tip : null,
    recovered: null,
    messages: [],
    hasMore: true,
  };
}
