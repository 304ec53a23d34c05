import type { User } from "../contract/events";
import { MAX_ROOMS_LOOKED_AT, type PresenceList, type PresenceStore, type RoomsPage } from "./presence-store";

interface Person {
  user: User;
  socketIds: Set<string>;
}

interface RoomOfPeople {
  people: Map<string, Person>;
  /** Ids of the people, in order. */
  order: string[];
}

interface NamespaceOfRooms {
  rooms: Map<string, RoomOfPeople>;
  /** Names of the rooms, in order. */
  order: string[];
}

/** Rooms that are looked at in one turn of the event loop: what a token accepts may take a while to find out. */
const ROOMS_A_TURN = 1_000;

/** Presence of one node, in its memory. */
export class MemoryPresenceStore implements PresenceStore {
  private readonly namespaces = new Map<string, NamespaceOfRooms>();

  async add(namespace: string, room: string, user: User, socketId: string): Promise<{ isNew: boolean }> {
    const { rooms, order } = getOrMake(
      this.namespaces,
      namespace,
      (): NamespaceOfRooms => ({
        rooms: new Map(),
        order: [],
      }),
    );
    const inRoom = getOrMake(rooms, room, (): RoomOfPeople => {
      order.splice(placeAfter(order, room), 0, room);
      return { people: new Map(), order: [] };
    });
    const known = inRoom.people.get(user.userId);
    if (known) {
      known.socketIds.add(socketId);
      return { isNew: false };
    }
    inRoom.people.set(user.userId, { user, socketIds: new Set([socketId]) });
    // Into its place: a room of 10,000 is not sorted again for each who joins.
    inRoom.order.splice(placeAfter(inRoom.order, user.userId), 0, user.userId);
    return { isNew: true };
  }

  async remove(namespace: string, room: string, userId: string, socketId: string): Promise<{ isGone: boolean }> {
    const all = this.namespaces.get(namespace);
    const inRoom = all?.rooms.get(room);
    const person = inRoom?.people.get(userId);
    if (!all || !inRoom || !person?.socketIds.delete(socketId) || person.socketIds.size > 0) {
      return { isGone: false };
    }
    inRoom.people.delete(userId);
    inRoom.order.splice(placeAfter(inRoom.order, userId) - 1, 1);
    if (inRoom.people.size === 0) {
      all.rooms.delete(room);
      all.order.splice(placeAfter(all.order, room) - 1, 1);
    }
    return { isGone: true };
  }

  async list(namespace: string, room: string, limit: number, after?: string): Promise<PresenceList> {
    const inRoom = this.namespaces.get(namespace)?.rooms.get(room);
    if (!inRoom) {
      return { users: [], count: 0, partial: false };
    }
    const start = after === undefined ? 0 : placeAfter(inRoom.order, after);
    const users = inRoom.order.slice(start, start + limit).flatMap((userId) => inRoom.people.get(userId)?.user ?? []);
    return { users, count: inRoom.people.size, partial: false };
  }

  async rooms(
    namespace: string,
    limit: number,
    accepts: (room: string) => boolean,
    after?: string,
  ): Promise<RoomsPage> {
    const { rooms, order } = this.namespaces.get(namespace) ?? { rooms: new Map<string, RoomOfPeople>(), order: [] };
    const found: RoomsPage["rooms"] = [];
    let last = after;
    for (let lookedAt = 0; lookedAt < MAX_ROOMS_LOOKED_AT; lookedAt += ROOMS_A_TURN) {
      const start = last === undefined ? 0 : placeAfter(order, last);
      for (const room of order.slice(start, start + ROOMS_A_TURN)) {
        if (accepts(room)) {
          if (found.length === limit) {
            return { rooms: found, hasMore: true };
          }
          found.push({ room, count: rooms.get(room)?.people.size ?? 0 });
        }
        last = room;
      }
      if (last === undefined || placeAfter(order, last) === order.length) {
        return { rooms: found, hasMore: false };
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return { rooms: found, hasMore: true, ...(last !== undefined && { next: last }) };
  }
}

/** Index of the first entry that comes after the given one. */
function placeAfter(order: readonly string[], entry: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((order[middle] ?? "") <= entry) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
