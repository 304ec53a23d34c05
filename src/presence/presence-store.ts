import type { User } from "../contract/events";

/**
 * Who is in which room, by socket. Asynchronous, because a store that several nodes share is.
 * Lists are in the order of user ids by code unit, rooms by name likewise.
 */
export interface PresenceStore {
  /** Adds a socket of a user; `isNew`: it is the user's first in the room. Again is harmless. */
  add(namespace: string, room: string, user: User, socketId: string): Promise<{ isNew: boolean }>;
  /** Removes a socket; `isGone`: it was the user's last in the room. */
  remove(namespace: string, room: string, userId: string, socketId: string): Promise<{ isGone: boolean }>;
  /** People after `after`, at most `limit`. */
  list(namespace: string, room: string, limit: number, after?: string): Promise<PresenceList>;
  /** Rooms with somebody in them after `after`, of those that `accepts` takes, at most `limit`. Looks at a part of many. */
  rooms(namespace: string, limit: number, accepts: (room: string) => boolean, after?: string): Promise<RoomsPage>;
}

export interface PresenceList {
  users: User[];
  /** Everybody in the room. */
  count: number;
  /** Some nodes could not be asked. */
  partial: boolean;
}

export interface RoomsPage {
  rooms: { room: string; count: number }[];
  hasMore: boolean;
  /** The last room that was looked at, where the page ends before it is full. */
  next?: string;
}

/** Rooms that are held against a token for one page: few may fit, and there is no end to how many there are. */
export const MAX_ROOMS_LOOKED_AT = 20_000;
