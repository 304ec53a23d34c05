import type { User } from "../contract/events";
import type { Clock, Timer } from "../lifecycle/clock";
import type { Service } from "../lifecycle/service";
import { setAwakeTimer } from "../lifecycle/set-awake-timer";
import { LastKnownPeople } from "./last-known-people";
import { type OwnPerson, OwnSockets } from "./own-sockets";
import { MAX_ROOMS_LOOKED_AT, type PresenceList, type PresenceStore, type RoomsPage } from "./presence-store";
import {
  type PresenceScript,
  PresenceScripts,
  type RedisScriptClient,
  socketFieldOf,
  toPerson,
} from "./redis-presence-scripts";

export interface RedisPresenceStoreOptions {
  /** Connected and closed by its owner. */
  client: RedisScriptClient;
  /** Begins all its keys. */
  keyPrefix: string;
  /** Unique among the nodes, and new for each process. */
  nodeId: string;
  clock: Clock;
  /** A node that has not renewed its lease for this long is dead; renewed every third of it. @default 10_000 */
  leaseMs?: number;
  /** After `stop` people stay this long, so that who reconnects to another node was never gone. @default 0: they are removed */
  graceMs?: number;
  /** Time between two looks for dead nodes. @default 2_000 */
  sweepIntervalMs?: number;
  /** Whether the client has a connection. */
  isAvailable(): boolean;
  /** The user's last socket in the room was a dead node's. Called on one node of all, once. */
  onGone(namespace: string, room: string, user: User): void;
  /** Why presence is away now; told once each time. */
  onError(error: unknown): void;
}

/** A Redis that has not answered for this long is away. */
const ANSWER_TIMEOUT_MS = 1_000;
/** Sockets that one script removes or adds: a few milliseconds of Redis' time. */
const SOCKETS_A_SCRIPT = 500;
/** Rooms that one script reads. */
const ROOMS_A_SCRIPT = 500;

/**
 * Presence of all nodes, in Redis.
 *
 * People are counted by sockets over all nodes. Each node keeps a lease; the sockets of one whose lease has run out
 * are removed by whichever other node comes first, which reports who is gone with them.
 *
 * States:
 * - in touch: Redis is asked. What it says is the truth.
 * - away (a call failed, took a second, or the client has no connection): Redis is not asked. Changes are kept in
 *   `own`, and answers come from that and from what was last known of other nodes. Ends with the first restoration that
 *   succeeds; one is tried at every renewal and sweep, and when the owner calls `restored`.
 * - unsettled (in touch, for one lease after a restoration): other nodes may not have written their sockets again. Lists
 *   are partial, who was last known elsewhere is neither new nor gone, and this node does not sweep.
 *
 * Nobody is reported because Redis came back: what was missing is written silently. After Redis itself was restarted,
 * emptied or stopped, the scripts let no node sweep for one lease.
 */
export class RedisPresenceStore implements PresenceStore, Service {
  readonly name = "Redis presence";
  private readonly own = new OwnSockets();
  private readonly lastKnown = new LastKnownPeople();
  private readonly scripts: PresenceScripts;
  private readonly leaseMs: number;
  private timers: Timer[] = [];
  private isAway = true;
  /** The owner was told why presence is away. */
  private isReported = false;
  private isStopped = false;
  private unsettledUntilMs = Number.NEGATIVE_INFINITY;
  private restoring: Promise<void> | undefined;
  private sweeping: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  constructor(private readonly options: RedisPresenceStoreOptions) {
    this.scripts = new PresenceScripts(options.client, options.keyPrefix);
    this.leaseMs = options.leaseMs ?? 10_000;
  }

  /** Resolves without Redis too: presence is then away. */
  async start(): Promise<void> {
    const { clock, sweepIntervalMs = 2_000 } = this.options;
    await this.restore();
    if (!this.isAway) {
      // There was nothing to be away from.
      this.unsettledUntilMs = Number.NEGATIVE_INFINITY;
    }
    if (!this.isStopped) {
      this.timers = [
        clock.setRepeating(() => void this.renew(), Math.floor(this.leaseMs / 3)),
        clock.setRepeating(() => void this.sweep(), sweepIntervalMs),
      ];
    }
  }

  /** Leaves this node's people to the grace, or removes them without a report: they go on to other nodes. Never rejects. */
  stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  /** Redis answers again, or another one does: writes what it lacks. Never rejects. */
  restored(): Promise<void> {
    this.isAway = true;
    return this.restore();
  }

  async add(namespace: string, room: string, user: User, socketId: string): Promise<{ isNew: boolean }> {
    const person = this.own.add(namespace, room, user, socketId);
    if (!person) {
      return { isNew: false };
    }
    const ownSockets = person.sockets;
    if (ownSockets === 1) {
      person.elsewhere = Number(this.lastKnown.has(namespace, room, user.userId));
    }
    const { nodeId } = this.options;
    const field = socketFieldOf(namespace, room, user.userId, socketId);
    const answer = await this.askNumbers("add", [nodeId, this.leaseMs, field, JSON.stringify(user)]);
    if (answer) {
      const [total = 0, wasUnknown = 0] = answer;
      this.learn(person, total, ownSockets, wasUnknown === 1);
    }
    return { isNew: ownSockets === 1 && person.elsewhere === 0 };
  }

  async remove(namespace: string, room: string, userId: string, socketId: string): Promise<{ isGone: boolean }> {
    const person = this.own.remove(namespace, room, userId, socketId);
    if (!person) {
      return { isGone: false };
    }
    const ownSockets = person.sockets;
    const field = socketFieldOf(namespace, room, userId, socketId);
    const answer = await this.askNumbers("remove", [this.options.nodeId, field]);
    if (answer) {
      const [total = 0, wasThere = 0] = answer;
      this.learn(person, total, ownSockets, wasThere === 0);
    }
    if (ownSockets > 0) {
      return { isGone: false };
    }
    const isGone = person.elsewhere === 0;
    this.lastKnown.mark(namespace, room, userId, !isGone);
    return { isGone };
  }

  async list(namespace: string, room: string, limit: number, after?: string): Promise<PresenceList> {
    const from = after === undefined ? [] : [toPerson(after)];
    const asking = this.ask("list", [namespace, room, limit, ...from]);
    // As it is when Redis is asked: Redis must know of as many.
    const own = await this.own.people.list(namespace, room, limit, after);
    const answer = await asking;
    if (!Array.isArray(answer)) {
      return { ...own, partial: true };
    }
    const count = Number(answer[0]);
    if (count < own.count) {
      this.lose();
      return { ...own, partial: true };
    }
    const users = answer.slice(1).map(toUser);
    const partial = this.isUnsettled;
    if (after === undefined && limit > 0 && !partial) {
      const userIds = users.map(({ userId }) => userId);
      this.lastKnown.set(namespace, room, userIds);
    }
    return { users, count, partial };
  }

  async rooms(
    namespace: string,
    limit: number,
    accepts: (room: string) => boolean,
    after?: string,
  ): Promise<RoomsPage> {
    const found: RoomsPage["rooms"] = [];
    let last = after;
    for (let lookedAt = 0; lookedAt < MAX_ROOMS_LOOKED_AT; lookedAt += ROOMS_A_SCRIPT) {
      const answer = await this.ask("rooms", [namespace, ROOMS_A_SCRIPT, ...(last === undefined ? [] : [last])]);
      // While this node writes its own people again, Redis does not know all of their rooms.
      if (!Array.isArray(answer) || this.restoring) {
        return this.own.people.rooms(namespace, limit, accepts, after);
      }
      for (let index = 0; index < answer.length; index += 2) {
        last = String(answer[index]);
        if (accepts(last)) {
          if (found.length === limit) {
            return { rooms: found, hasMore: true };
          }
          found.push({ room: last, count: Number(answer[index + 1]) });
        }
      }
      if (answer.length < 2 * ROOMS_A_SCRIPT) {
        return { rooms: found, hasMore: false };
      }
    }
    return { rooms: found, hasMore: true, ...(last !== undefined && { next: last }) };
  }

  private get isUnsettled(): boolean {
    return this.options.clock.monotonicMs() < this.unsettledUntilMs;
  }

  /** Takes over what Redis says of a person, unless that shows that Redis has lost what it had. */
  private learn(person: OwnPerson, total: number, ownSockets: number, hasForgotten: boolean): void {
    if (hasForgotten || total < ownSockets) {
      this.lose();
      return;
    }
    const elsewhere = total - ownSockets;
    person.elsewhere = this.isUnsettled ? Math.max(person.elsewhere, elsewhere) : elsewhere;
  }

  /** Redis answers, and does not know all that this node has told it. */
  private lose(): void {
    this.unsettledUntilMs = this.options.clock.monotonicMs() + this.leaseMs;
    void this.restore();
  }

  private async renew(): Promise<void> {
    if (this.isAway) {
      return this.restore();
    }
    const ownSockets = this.own.size;
    const answer = await this.askNumbers("renew", [this.options.nodeId, this.leaseMs]);
    if (answer && (answer[0] === 1 || answer[1] !== ownSockets)) {
      this.lose();
    }
  }

  private restore(): Promise<void> {
    this.restoring ??= this.writeAgain()
      .catch((error: unknown) => this.loseTouch(error))
      .finally(() => {
        this.restoring = undefined;
      });
    return this.restoring;
  }

  /** Makes Redis hold this node's sockets as they are, silently. */
  private async writeAgain(): Promise<void> {
    const { nodeId, isAvailable, clock } = this.options;
    if (this.isStopped || !isAvailable()) {
      return;
    }
    await this.inTime(this.scripts.load());
    await this.inTime(this.scripts.run("renew", [nodeId, this.leaseMs]));
    const answer = await this.inTime(this.scripts.run("own", [nodeId]));
    const known = new Set(Array.isArray(answer) ? answer.map(String) : []);
    // From here on changes go to Redis by themselves, behind what it has answered; what is said twice counts once.
    this.isAway = false;
    this.isReported = false;
    this.unsettledUntilMs = clock.monotonicMs() + this.leaseMs;
    const superfluous = [...known].filter((field) => !this.own.userOf(field));
    const missing = [...this.own.fields].filter((field) => !known.has(field));
    while (superfluous.length + missing.length > 0 && !this.isStopped) {
      // What has changed meanwhile is left alone: the change was sent.
      const removed = superfluous.splice(0, SOCKETS_A_SCRIPT).filter((field) => !this.own.userOf(field));
      const added = missing.splice(0, SOCKETS_A_SCRIPT).flatMap((field) => {
        const user = this.own.userOf(field);
        return user ? [field, JSON.stringify(user)] : [];
      });
      await this.inTime(this.scripts.run("mend", [nodeId, removed.length, ...removed, ...added]));
    }
  }

  private async sweep(): Promise<void> {
    if (this.isAway) {
      return this.restore();
    }
    if (!this.isUnsettled && this.options.isAvailable()) {
      this.sweeping ??= this.sweepDeadNodes()
        .catch((error: unknown) => this.loseTouch(error))
        .finally(() => {
          this.sweeping = undefined;
        });
      await this.sweeping;
    }
  }

  private async sweepDeadNodes(): Promise<void> {
    const { nodeId, onGone } = this.options;
    for (let hasMore = true; hasMore && !this.isStopped; ) {
      // However late it is answered: who was removed is known here only.
      const answer = await this.scripts.run("sweep", [nodeId, this.leaseMs, SOCKETS_A_SCRIPT]);
      const [more, ...gone] = Array.isArray(answer) ? answer : [];
      hasMore = more === 1;
      for (let index = 0; index < gone.length; index += 3) {
        onGone(String(gone[index]), String(gone[index + 1]), toUser(gone[index + 2]));
      }
    }
  }

  private async stopOnce(): Promise<void> {
    this.isStopped = true;
    for (const timer of this.timers) {
      timer.clear();
    }
    await this.restoring;
    try {
      // What a sweep has taken from Redis is known to nobody else.
      await this.inTime(this.sweeping ?? Promise.resolve());
      await this.retire();
    } catch (error) {
      this.loseTouch(error);
    }
  }

  private async retire(): Promise<void> {
    const { nodeId, isAvailable, graceMs = 0 } = this.options;
    if (graceMs > 0 && !this.isAway && isAvailable()) {
      await this.inTime(this.scripts.run("depart", [nodeId, graceMs]));
      return;
    }
    for (let hasMore = !this.isAway && isAvailable(); hasMore; ) {
      hasMore = (await this.inTime(this.scripts.run("retire", [nodeId, SOCKETS_A_SCRIPT]))) === 1;
    }
  }

  /** Undefined while Redis is away. Never rejects. */
  private async ask(script: PresenceScript, args: readonly (string | number)[]): Promise<unknown> {
    if (this.isAway || this.isStopped) {
      return undefined;
    }
    if (!this.options.isAvailable()) {
      this.isAway = true;
      return undefined;
    }
    try {
      return await this.inTime(this.scripts.run(script, args));
    } catch (error) {
      this.loseTouch(error);
      return undefined;
    }
  }

  private async askNumbers(
    script: PresenceScript,
    args: readonly (string | number)[],
  ): Promise<readonly number[] | undefined> {
    const answer = await this.ask(script, args);
    return Array.isArray(answer) ? answer.map(Number) : undefined;
  }

  private loseTouch(error: unknown): void {
    this.isAway = true;
    if (!this.isReported) {
      this.isReported = true;
      this.options.onError(error);
    }
  }

  /** A paused Redis keeps its connections, and the client would wait for good. */
  private async inTime<Result>(answer: Promise<Result>): Promise<Result> {
    let timeout: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      const giveUp = (): void => reject(new Error("Redis did not answer in time"));
      timeout = setAwakeTimer(this.options.clock, giveUp, ANSWER_TIMEOUT_MS);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      timeout?.clear();
    }
  }
}

/** Redis holds the users as this class wrote them. */
function toUser(text: unknown): User {
  return JSON.parse(String(text)) as User;
}
