import type { PresencePage, User } from "../contract/events";
import type { Timer } from "../lifecycle/clock";
import type { PresenceStore } from "./presence-store";
import { PresenceTeller, type PresenceTellerOptions, type Step } from "./presence-teller";

export interface PresenceTrackerOptions extends Omit<PresenceTellerOptions, "onDue"> {
  namespace: string;
  store: PresenceStore;
  onError(error: unknown): void;
}

/** People an answer lists; more are a page further. */
const PAGE_SIZE = 100;

/**
 * Counts people in and out of the rooms of one namespace, and tells the rooms.
 *
 * A person is in a room from the first socket to the last. After a lost transport the socket stays for
 * the grace, so that a reconnect shows nothing. What happens in one room is told in the order in
 * which it happened, though the store is asynchronous; how, is `PresenceTeller`'s.
 */
export class PresenceTracker {
  /** The last step of each room that is not done. */
  private readonly steps = new Map<string, Promise<unknown>>();
  /** Sockets in their grace, by room and user. */
  private readonly graces = new Map<string, Map<string, Timer>>();
  private readonly teller: PresenceTeller;

  constructor(private readonly options: PresenceTrackerOptions) {
    this.teller = new PresenceTeller({ ...options, onDue: (room) => void this.tellGathered(room) });
  }

  /** Counts the socket in, tells the room if its user was not there, and answers who is. */
  track(room: string, user: User, socketId: string): Promise<{ users: User[]; count: number }> {
    const { namespace, store } = this.options;
    return this.inOrder(room, async () => {
      const { isNew } = await store.add(namespace, room, user, socketId);
      await this.endGraces(room, user.userId, socketId);
      const list = await store.list(namespace, room, PAGE_SIZE);
      if (isNew) {
        this.teller.tell(room, user, "joined", list);
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
    await this.inOrder(room, () => this.tell(room, user, "left")).catch(this.options.onError);
  }

  /** Tells the room that the user, who was told as gone, is there. */
  async tellBack(room: string, user: User): Promise<void> {
    await this.inOrder(room, async () => this.teller.tellBack(room, user));
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
    this.teller.stop();
    for (const timer of [...this.graces.values()].flatMap((lost) => [...lost.values()])) {
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
        await this.tell(room, user, "left");
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

  private async tell(room: string, user: User, step: Step): Promise<void> {
    const { namespace, store } = this.options;
    const list = this.teller.isGathering(room) ? undefined : await store.list(namespace, room, PAGE_SIZE);
    this.teller.tell(room, user, step, list);
  }

  private async tellGathered(room: string): Promise<void> {
    const { namespace, store, onError } = this.options;
    await this.inOrder(room, async () => {
      const limit = this.teller.isGathering(room) ? PAGE_SIZE : 0;
      this.teller.settle(room, await store.list(namespace, room, limit));
    }).catch((error: unknown) => {
      this.teller.postpone(room);
      onError(error);
    });
  }
}

/** Room names hold no space. */
function graceKeyOf(room: string, userId: string): string {
  return `${room} ${userId}`;
}
