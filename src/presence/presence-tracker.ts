import type { RoomEmitter } from "../broadcast/room-emitter";
import type { RoomfulConfig } from "../config/config";
import type { PresencePage, User } from "../contract/events";
import type { Clock, Timer } from "../lifecycle/clock";
import { PresenceBatch } from "./presence-batch";
import type { PresenceStore } from "./presence-store";
import { createSystemMessage, type Locale } from "./system-message";

export interface PresenceTrackerOptions {
  namespace: string;
  store: PresenceStore;
  emitter: Pick<RoomEmitter, "emit">;
  config: RoomfulConfig["presence"];
  locale: Locale;
  clock: Clock;
  /** The highest number known of a room, for the system messages. */
  tipOf(room: string): number;
  makeId(): string;
  onError(error: unknown): void;
}

/** People an answer lists; more are a page further. */
const PAGE_SIZE = 100;

interface Batch {
  batch: PresenceBatch;
  timer: Timer;
}

/**
 * Counts people in and out of the rooms of one namespace, and tells the rooms.
 *
 * A person is in a room from the first socket to the last. After a lost transport the socket stays for
 * the grace, so that a reconnect shows nothing. What happens in one room is told in the order in
 * which it happened, though the store is asynchronous.
 *
 * Rooms of up to `maxListed` people are told each step with the whole list, so that a room that shrinks to
 * that size has a right picture at the first step; larger ones are told in batches.
 */
export class PresenceTracker {
  /** The last step of each room that is not done. */
  private readonly steps = new Map<string, Promise<unknown>>();
  /** Sockets in their grace, by room and user. */
  private readonly graces = new Map<string, Map<string, Timer>>();
  private readonly batches = new Map<string, Batch>();
  private isStopped = false;

  constructor(private readonly options: PresenceTrackerOptions) {}

  /** Counts the socket in, tells the room if its user was not there, and answers who is. */
  track(room: string, user: User, socketId: string): Promise<{ users: User[]; count: number }> {
    const { namespace, store } = this.options;
    return this.inOrder(room, async () => {
      const { isNew } = await store.add(namespace, room, user, socketId);
      await this.endGraces(room, user.userId, socketId);
      const list = await store.list(namespace, room, PAGE_SIZE);
      if (isNew) {
        this.announce(room, user, "joined", list);
      }
      return { users: list.users, count: list.count };
    });
  }

  /** `left`: at once. `lost`: after the grace, unless the user has come back by then. Never rejects. */
  async untrack(room: string, user: User, socketId: string, how: "left" | "lost"): Promise<void> {
    const { clock, config } = this.options;
    if (how === "left" || config.graceMs === 0) {
      return this.remove(room, user, socketId);
    }
    const key = graceKeyOf(room, user.userId);
    const lost = this.graces.get(key) ?? new Map<string, Timer>();
    this.graces.set(key, lost);
    const expiry = clock.setTimer(() => {
      lost.delete(socketId);
      if (lost.size === 0) {
        this.graces.delete(key);
      }
      void this.remove(room, user, socketId);
    }, config.graceMs);
    lost.set(socketId, expiry);
  }

  /** Tells the room that the user is gone with a node that is no more. The store has taken the user out. */
  async tellGone(room: string, user: User): Promise<void> {
    const { namespace, store, onError } = this.options;
    await this.inOrder(room, async () => {
      this.announce(room, user, "left", await store.list(namespace, room, PAGE_SIZE));
    }).catch(onError);
  }

  /** Who is in the room, 100 at a time. */
  list(room: string, after?: string): Promise<PresencePage> {
    return this.options.store.list(this.options.namespace, room, PAGE_SIZE, after);
  }

  rooms(after: string | undefined, accepts: (room: string) => boolean, limit: number) {
    return this.options.store.rooms(this.options.namespace, limit, accepts, after);
  }

  /** Resolves when every step that has begun was told. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.steps.values());
  }

  /** Tells nothing any more: the people go on to other nodes. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const graces = [...this.graces.values()].flatMap((lost) => [...lost.values()]);
    const batches = [...this.batches.values()].map(({ timer }) => timer);
    for (const timer of [...graces, ...batches]) {
      timer.clear();
    }
    await this.settled();
  }

  /**
   * The user is back with the socket `backWith`: the lost ones need not be waited for, and a leave from now on is the
   * user's own. The new one may be lost by now too; its own grace goes on.
   */
  private async endGraces(room: string, userId: string, backWith: string): Promise<void> {
    const key = graceKeyOf(room, userId);
    const lost = this.graces.get(key);
    for (const [socketId, expiry] of [...(lost ?? [])]) {
      if (socketId !== backWith) {
        expiry.clear();
        lost?.delete(socketId);
        await this.options.store.remove(this.options.namespace, room, userId, socketId);
      }
    }
    if (lost?.size === 0) {
      this.graces.delete(key);
    }
  }

  private async remove(room: string, user: User, socketId: string): Promise<void> {
    const { namespace, store, onError } = this.options;
    await this.inOrder(room, async () => {
      const { isGone } = await store.remove(namespace, room, user.userId, socketId);
      if (isGone) {
        this.announce(room, user, "left", await store.list(namespace, room, PAGE_SIZE));
      }
    }).catch(onError);
  }

  private inOrder<Result>(room: string, step: () => Promise<Result>): Promise<Result> {
    const before = this.steps.get(room);
    // The first step begins at once: a join's answer then waits for the store only.
    const result = before ? before.then(step, step) : step();
    this.steps.set(room, result);
    const forget = (): void => {
      if (this.steps.get(room) === result) {
        this.steps.delete(room);
      }
    };
    result.then(forget, forget);
    return result;
  }

  private announce(
    room: string,
    user: User,
    step: "joined" | "left",
    list: { users: User[]; count: number; partial: boolean },
  ): void {
    // While other nodes cannot be asked nobody is told as come or gone: who knows where else they are.
    if (this.isStopped || list.partial) {
      return;
    }
    // A leave from one above the limit is still told to a room that has no list: by batch. The next step brings it.
    const before = step === "left" ? list.count + 1 : list.count;
    if (before > this.options.config.maxListed) {
      this.gather(room, user, step);
      return;
    }
    this.flushBatch(room, list.count);
    this.announceListed(room, user, step, list);
  }

  private announceListed(
    room: string,
    user: User,
    step: "joined" | "left",
    list: { users: User[]; count: number },
  ): void {
    const { emitter, config, locale, clock, tipOf, makeId } = this.options;
    const { userId, username, color } = user;
    const payload = { room, userId, username, color, count: list.count, users: list.users };
    const template = step === "joined" ? config.joinedTemplate : config.leftTemplate;
    emitter.emit(room, step === "joined" ? "user_joined" : "user_left", payload, { exceptUser: userId });
    emitter.emit(
      room,
      "message",
      createSystemMessage({
        ...{ room, user, step, locale, template },
        id: makeId(),
        createdAt: new Date(clock.now()),
        tip: tipOf(room),
      }),
    );
  }

  private gather(room: string, user: User, step: "joined" | "left"): void {
    let entry = this.batches.get(room);
    if (!entry) {
      const { clock, config } = this.options;
      const timer = clock.setTimer(() => void this.announceBatch(room), config.batchIntervalMs);
      entry = { batch: new PresenceBatch(), timer };
      this.batches.set(room, entry);
    }
    if (step === "joined") {
      entry.batch.join(user);
    } else {
      entry.batch.leave(user.userId);
    }
  }

  private async announceBatch(room: string): Promise<void> {
    const { namespace, store, onError } = this.options;
    await this.inOrder(room, async () => {
      const { count } = await store.list(namespace, room, 0);
      this.flushBatch(room, count);
    }).catch(onError);
  }

  private flushBatch(room: string, count: number): void {
    const entry = this.batches.get(room);
    if (!entry) {
      return;
    }
    entry.timer.clear();
    this.batches.delete(room);
    if (!entry.batch.isEmpty && !this.isStopped) {
      this.options.emitter.emit(room, "presence_changed", entry.batch.toEvent(room, count));
    }
  }
}

/** Room names hold no space. */
function graceKeyOf(room: string, userId: string): string {
  return `${room} ${userId}`;
}
