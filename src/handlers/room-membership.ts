import type { User } from "../contract/events";
import { roomOfSocketRoom, socketRoomOf, socketRoomOfUser } from "../contract/names";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulNamespace, RoomfulSocket } from "../contract/socket-data";
import type { PresenceTracker } from "../presence/presence-tracker";
import type { TypingTracker } from "../presence/typing-tracker";
import type { RoomLog } from "../room-log/room-log";
import type { RoomLogs } from "../room-log/room-logs";

export interface RoomMembershipDeps {
  namespace: Pick<RoomfulNamespace, "name" | "adapter">;
  logs: Pick<RoomLogs, "retain" | "release" | "find">;
  presence: Pick<PresenceTracker, "track" | "untrack">;
  typing: Pick<TypingTracker, "stopTyping">;
}

export interface Entered {
  log: RoomLog | undefined;
  present: Promise<{ users: User[]; count: number }>;
}

/** How a socket leaves: `lost` leaves its user in the room for the grace. */
export type Departure = "left" | "lost";

/** Puts sockets into rooms and takes them out again: Socket.IO's room, the room's log, presence and typing together. */
export class RoomMembership {
  constructor(private readonly deps: RoomMembershipDeps) {}

  /** The rooms that the socket is in. */
  roomsOf(socket: RoomfulSocket): string[] {
    return [...socket.rooms].map(roomOfSocketRoom).filter((room) => room !== undefined);
  }

  isMember(socket: RoomfulSocket, room: string): boolean {
    return socket.rooms.has(socketRoomOf(room));
  }

  /** Enters, in this turn of the event loop: what is shown from now on reaches the socket. Again is harmless. */
  enter(socket: RoomfulSocket, room: string): Entered {
    const { namespace, logs, presence } = this.deps;
    const { userId, username, color } = socket.data.claims;
    let log = logs.find(namespace.name, room);
    if (!this.isMember(socket, room)) {
      // With an adapter in memory or behind Redis, join is done when it returns.
      void socket.join(socketRoomOf(room));
      log = logs.retain(namespace.name, room);
    }
    return {
      log,
      present: presence.track(room, { userId, username, color }, socket.id),
    };
  }

  /** Takes the socket out of one room. Does nothing when it is not in. */
  exit(socket: RoomfulSocket, room: string, how: Departure): void {
    if (!this.isMember(socket, room)) {
      return;
    }
    const { namespace, logs, presence, typing } = this.deps;
    const { userId, username, color } = socket.data.claims;
    void socket.leave(socketRoomOf(room));
    logs.release(namespace.name, room);
    if (!this.hasSocketIn(room, userId)) {
      typing.stopTyping(room, userId);
    }
    void presence.untrack(room, { userId, username, color }, socket.id, how);
  }

  /** Takes the socket out of a room in which it may no longer be, and tells it. */
  evict(socket: RoomfulSocket, room: string): void {
    this.exit(socket, room, "left");
    socket.emit("room_state", { room, error: new RoomfulError("ROOM_FORBIDDEN").toReply() });
  }

  private hasSocketIn(room: string, userId: string): boolean {
    const { rooms } = this.deps.namespace.adapter;
    const members = rooms.get(socketRoomOf(room));
    for (const socketId of rooms.get(socketRoomOfUser(userId)) ?? []) {
      if (members?.has(socketId)) {
        return true;
      }
    }
    return false;
  }
}
