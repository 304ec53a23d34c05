/**
 * What names may look like on the wire, and what they are called inside Socket.IO.
 *
 * Rooms are prefixed there, so that no client string can name another socket's private room.
 */

export const ROOM_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
export const MESSAGE_TYPE_PATTERN = /^[a-z][a-z0-9_.-]{0,31}$/;
export const COLOR_PATTERN = /^#[0-9a-f]{6}$/i;

/** The type of messages that only the server makes. */
export const SYSTEM_MESSAGE_TYPE = "system";

/** The Socket.IO room in which the members of `room` are. */
export function socketRoomOf(room: string): string {
  return `r:${room}`;
}

/** The name of the room that a Socket.IO room stands for; undefined for users' and sockets' private rooms. */
export function roomOfSocketRoom(socketRoom: string): string | undefined {
  return socketRoom.startsWith("r:") ? socketRoom.slice(2) : undefined;
}

/** The Socket.IO room in which all sockets of a user are. */
export function socketRoomOfUser(userId: string): string {
  return `u:${userId}`;
}

/** What `@socket.io/redis-emitter` takes as `key` to reach the deployment of that prefix (`roomful redis-prefix`). */
export function emitterKeyOf(redisPrefix: string): string {
  return `${redisPrefix}:socket.io`;
}
