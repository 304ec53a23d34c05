/** Rooms whose people are remembered; those not heard of for longest are forgotten. */
const MAX_ROOMS = 1_000;

/** Ids of the people in rooms, as last heard of a shared store. */
export class LastKnownPeople {
  private readonly rooms = new Map<string, Set<string>>();

  has(namespace: string, room: string, userId: string): boolean {
    return this.rooms.get(keyOf(namespace, room))?.has(userId) ?? false;
  }

  set(namespace: string, room: string, userIds: Iterable<string>): void {
    const key = keyOf(namespace, room);
    this.rooms.delete(key);
    this.rooms.set(key, new Set(userIds));
    const [oldest] = this.rooms.keys();
    if (this.rooms.size > MAX_ROOMS && oldest !== undefined) {
      this.rooms.delete(oldest);
    }
  }

  /** Changes what is known of one person, where the room is known. */
  mark(namespace: string, room: string, userId: string, isThere: boolean): void {
    const people = this.rooms.get(keyOf(namespace, room));
    if (isThere) {
      people?.add(userId);
    } else {
      people?.delete(userId);
    }
  }
}

/** Room names hold no space. */
function keyOf(namespace: string, room: string): string {
  return `${room} ${namespace}`;
}
