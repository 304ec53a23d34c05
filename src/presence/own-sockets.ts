import type { User } from "../contract/events";
import { MemoryPresenceStore } from "./memory-presence-store";
import { placeOf } from "./redis-presence-scripts";

/** A user with sockets of this node in a room. */
export interface OwnPerson {
  namespace: string;
  room: string;
  user: User;
  /** Sockets on this node. */
  socketIds: Set<string>;
  /** Other nodes on which the user is, as last heard. */
  elsewhere: number;
}

const NOWHERE: ReadonlySet<string> = new Set();

/** What this node's own sockets are, whatever a shared store says. Every call is over before anything else is done. */
export class OwnSockets {
  /** The same people, in order. */
  readonly people = new MemoryPresenceStore();
  private readonly persons = new Map<string, OwnPerson>();
  /** Places by namespace and room. */
  private readonly rooms = new Map<string, Map<string, Set<string>>>();

  /** People, counted in each room. */
  get size(): number {
    return this.persons.size;
  }

  get places(): Iterable<string> {
    return this.persons.keys();
  }

  /** Of each namespace, how many rooms have people. */
  get roomCounts(): [namespace: string, rooms: number][] {
    return [...this.rooms].map(([namespace, rooms]) => [namespace, rooms.size]);
  }

  personAt(place: string): OwnPerson | undefined {
    return this.persons.get(place);
  }

  placesIn(namespace: string, room: string): ReadonlySet<string> {
    return this.rooms.get(namespace)?.get(room) ?? NOWHERE;
  }

  /** The person with the socket; undefined when it was there. */
  add(namespace: string, room: string, user: User, socketId: string): OwnPerson | undefined {
    const place = placeOf(namespace, room, user.userId);
    let person = this.persons.get(place);
    if (person?.socketIds.has(socketId)) {
      return undefined;
    }
    if (!person) {
      person = { namespace, room, user, socketIds: new Set(), elsewhere: 0 };
      this.persons.set(place, person);
      const rooms = this.rooms.get(namespace) ?? new Map<string, Set<string>>();
      this.rooms.set(namespace, rooms.set(room, (rooms.get(room) ?? new Set()).add(place)));
    }
    person.socketIds.add(socketId);
    void this.people.add(namespace, room, user, socketId);
    return person;
  }

  /** The person without the socket; undefined when it was not there. */
  remove(namespace: string, room: string, userId: string, socketId: string): OwnPerson | undefined {
    const place = placeOf(namespace, room, userId);
    const person = this.persons.get(place);
    if (!person?.socketIds.delete(socketId)) {
      return undefined;
    }
    void this.people.remove(namespace, room, userId, socketId);
    if (person.socketIds.size === 0) {
      this.persons.delete(place);
      const rooms = this.rooms.get(namespace);
      const places = rooms?.get(room);
      places?.delete(place);
      if (places?.size === 0) {
        rooms?.delete(room);
      }
    }
    return person;
  }
}
