import type { User } from "../contract/events";
import { MemoryPresenceStore } from "./memory-presence-store";
import { socketFieldOf } from "./redis-presence-scripts";

/** A user with sockets of this node in a room. */
export interface OwnPerson {
  /** Sockets on this node. */
  sockets: number;
  /** Sockets on other nodes, as last heard. */
  elsewhere: number;
}

/** What this node's own sockets are, whatever a shared store says. Every call is over before anything else is done. */
export class OwnSockets {
  /** The same people, in order. */
  readonly people = new MemoryPresenceStore();
  private readonly users = new Map<string, User>();
  private readonly persons = new Map<string, OwnPerson>();

  get size(): number {
    return this.users.size;
  }

  get fields(): Iterable<string> {
    return this.users.keys();
  }

  userOf(field: string): User | undefined {
    return this.users.get(field);
  }

  /** The person with the socket; undefined when it was there. */
  add(namespace: string, room: string, user: User, socketId: string): OwnPerson | undefined {
    const field = socketFieldOf(namespace, room, user.userId, socketId);
    if (this.users.has(field)) {
      return undefined;
    }
    this.users.set(field, user);
    void this.people.add(namespace, room, user, socketId);
    const key = socketFieldOf(namespace, room, user.userId, "");
    const person = this.persons.get(key) ?? { sockets: 0, elsewhere: 0 };
    person.sockets += 1;
    this.persons.set(key, person);
    return person;
  }

  /** The person without the socket; undefined when it was not there. */
  remove(namespace: string, room: string, userId: string, socketId: string): OwnPerson | undefined {
    const key = socketFieldOf(namespace, room, userId, "");
    const person = this.persons.get(key);
    if (!person || !this.users.delete(socketFieldOf(namespace, room, userId, socketId))) {
      return undefined;
    }
    void this.people.remove(namespace, room, userId, socketId);
    person.sockets -= 1;
    if (person.sockets === 0) {
      this.persons.delete(key);
    }
    return person;
  }
}
