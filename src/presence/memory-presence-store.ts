import type { User } from "../contract/events";
import type { PresenceList, PresenceStore } from "./presence-store";

interface Person {
  user: User;
  socketIds: Set<string>;
}

interface RoomOfPeople {
  people: Map<string, Person>;
  /** Ids of the people, in order. */
  order: string[];
}

/** Presence of one node, in its memory. */
export class MemoryPresenceStore implements PresenceStore {
  private readonly namespaces = new Map<string, Map<string, RoomOfPeople>>();

  async add(namespace: string, room: string, user: User, socketId: string): Promise<{ isNew: boolean }> {
    const rooms = getOrMake(this.namespaces, namespace, () => new Map<string, RoomOfPeople>());
    const inRoom = getOrMake(rooms, room, (): RoomOfPeople => ({ people: new Map(), order: [] }));
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
    const rooms = this.namespaces.get(namespace);
    const inRoom = rooms?.get(room);
    const person = inRoom?.people.get(userId);
    if (!rooms || !inRoom || !person?.socketIds.delete(socketId) || person.socketIds.size > 0) {
      return { isGone: false };
    }
    inRoom.people.delete(userId);
    inRoom.order.splice(placeAfter(inRoom.order, userId) - 1, 1);
    if (inRoom.people.size === 0) {
      rooms.delete(room);
    }
    return { isGone: true };
  }

  async list(namespace: string, room: string, limit: number, after?: string): Promise<PresenceList> {
    const inRoom = this.namespaces.get(namespace)?.get(room);
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
    after = "",
  ): Promise<{ rooms: { room: string; count: number }[]; hasMore: boolean }> {
    const found = [...(this.namespaces.get(namespace) ?? [])]
      .filter(([room]) => room > after && accepts(room))
      .sort(([a], [b]) => byCodeUnit(a, b));
    const page = found.slice(0, limit).map(([room, { people }]) => ({ room, count: people.size }));
    return { rooms: page, hasMore: found.length > limit };
  }
}

/** Index of the first id that comes after the given one. */
function placeAfter(order: readonly string[], userId: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((order[middle] ?? "") <= userId) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
