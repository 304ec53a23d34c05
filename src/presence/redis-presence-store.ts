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
  placeOf,
  type RedisScriptClient,
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
  /** The user was reported as gone by another node, and has been here all the time. */
  onBack(namespace: string, room: string, user: User): void;
  /** Why presence is away now; told once each time. */
  onError(error: unknown): void;
}

/** A Redis that has not answered for this long is away. */
const ANSWER_TIMEOUT_MS = 1_000;
/** Places that one script writes: a few milliseconds of Redis' time. */
const PLACES_A_SCRIPT = 500;
/** A node that was taken for dead finds out whom that was told of for so long. */
const GONE_MEMORY_MS = 86_400_000;
/** Rooms that one script reads. */
const ROOMS_A_SCRIPT = 500;

/**
 * Presence of all nodes, in Redis.
 *
 * Each node writes which people it has, whatever Redis knew, and keeps a lease; the people of one whose lease has run out
 * are removed by whichever other node comes first, which reports who is gone with them. A node that was taken for dead
 * and lives reports them as back.
 *
 * States:
 * - in touch: Redis is asked. What it says is the truth.
 * - away (a call failed, took a second, or the client has no connection): Redis is not asked. Changes are kept in
 *   `own`, and answers come from that and from what was last known of other nodes. Ends with the first restoration that
 *   succeeds; one is tried at every renewal and sweep, and when the owner calls `restored`.
 * - unsettled (in touch, for one lease after a restoration): other nodes may not have written their people again. Lists
 *   are partial, who was last known elsewhere is neither new nor gone, and this node does not sweep.
 *
 * One room whose keys are lost or cannot be read is rebuilt alone: for a lease its lists are partial on all nodes, which
 * write their people in it again as soon as they hear of it, at the next renewal at the latest.
 *
 * Nobody is reported because Redis came back or a room was rebuilt: what was missing is written silently. After Redis
 * itself was restarted, emptied or stopped, the scripts let no node sweep for one lease.
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
  /** Rooms that are rebuilt, by key, and when this node wrote its people there again. */
  private readonly rewrittenAtMs = new Map<string, number>();
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
    // Redis knows who is where, and not with how many sockets.
    if (!person || person.socketIds.size > 1) {
      return { isNew: false };
    }
    person.elsewhere = Number(this.lastKnown.has(namespace, room, user.userId));
    await this.put(person);
    return { isNew: person.elsewhere === 0 };
  }

  async remove(namespace: string, room: string, userId: string, socketId: string): Promise<{ isGone: boolean }> {
    const person = this.own.remove(namespace, room, userId, socketId);
    if (!person || person.socketIds.size > 0) {
      return { isGone: false };
    }
    await this.put(person);
    const isGone = person.elsewhere === 0;
    this.lastKnown.mark(namespace, room, userId, !isGone);
    return { isGone };
  }

  async list(namespace: string, room: string, limit: number, after?: string): Promise<PresenceList> {
    const from = after === undefined ? [] : [toPerson(after)];
    const asking = this.ask("list", [namespace, room, this.own.placesIn(namespace, room).size, limit, ...from]);
    // As it is when Redis is asked: Redis must know of as many.
    const own = await this.own.people.list(namespace, room, limit, after);
    const answer = await asking;
    if (!Array.isArray(answer)) {
      return { ...own, partial: true };
    }
    const [isDoubtful, isUnknown, count] = answer.slice(0, 3).map(Number) as [number, number, number];
    const users = answer.slice(3).flatMap((text) => toUser(text) ?? []);
    const isReadable = users.length === answer.length - 3;
    if (isUnknown === 1) {
      this.lose();
    } else if (!isReadable) {
      await this.ask("rebuild", [namespace, room]);
    }
    if (isDoubtful === 1 || !isReadable) {
      void this.rewrite(namespace, room);
    }
    if (isUnknown === 1 || !isReadable || count < own.count) {
      return { ...own, partial: true };
    }
    const partial = this.isUnsettled || isDoubtful === 1;
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
      const ownCount = this.own.roomCounts.find(([name]) => name === namespace)?.[1] ?? 0;
      const from = last === undefined ? [] : [last];
      const answer = await this.ask("rooms", [namespace, ownCount, ROOMS_A_SCRIPT, ...from]);
      if (Array.isArray(answer) && answer[0] === 1 && !this.restoring) {
        this.lose();
      }
      // While this node writes its own people again, Redis does not know all of their rooms.
      if (!Array.isArray(answer) || this.restoring) {
        return this.own.people.rooms(namespace, limit, accepts, after);
      }
      for (let index = 1; index < answer.length; index += 2) {
        last = String(answer[index]);
        const count = Number(answer[index + 1]);
        if (count > 0 && accepts(last)) {
          if (found.length === limit) {
            return { rooms: found, hasMore: true };
          }
          found.push({ room: last, count });
        }
      }
      if (answer.length <= 2 * ROOMS_A_SCRIPT - 1) {
        return { rooms: found, hasMore: false };
      }
    }
    return { rooms: found, hasMore: true, ...(last !== undefined && { next: last }) };
  }

  private get isUnsettled(): boolean {
    return this.options.clock.monotonicMs() < this.unsettledUntilMs;
  }

  /** Writes whether the person is here, and takes over what Redis then says of other nodes. */
  private async put(person: OwnPerson): Promise<void> {
    const place = placeOf(person.namespace, person.room, person.user.userId);
    const answer = await this.askNumbers("put", [place, this.userTextAt(place)]);
    if (!answer) {
      return;
    }
    const [others = 0, isDoubtful = 0, wasUnknown = 0] = answer;
    if (wasUnknown === 1) {
      // What Redis says of the others may be lost as well.
      this.lose();
      return;
    }
    if (isDoubtful === 1) {
      void this.rewrite(person.namespace, person.room);
    }
    person.elsewhere = this.isUnsettled || isDoubtful === 1 ? Math.max(person.elsewhere, others) : others;
  }

  /** As scripts take it: the user who is there, or an empty text. */
  private userTextAt(place: string): string {
    const person = this.own.personAt(place);
    return person ? JSON.stringify(person.user) : "";
  }

  /** Writes this node's people in a room that is rebuilt, as often as it renews. Never rejects. */
  private async rewrite(namespace: string, room: string): Promise<void> {
    const key = `${namespace} ${room}`;
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - (this.rewrittenAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < this.leaseMs / 4) {
      return;
    }
    this.rewrittenAtMs.set(key, nowMs);
    const places = [...this.own.placesIn(namespace, room)];
    while (places.length > 0) {
      const part = places.splice(0, PLACES_A_SCRIPT);
      await this.ask(
        "mend",
        part.flatMap((place) => [place, this.userTextAt(place)]),
      );
    }
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
    const { size, roomCounts } = this.own;
    const answer = await this.ask("renew", roomCounts.flat());
    if (!Array.isArray(answer)) {
      return;
    }
    const [isLost, known, ...rebuilt] = answer;
    if (isLost === 1 || known !== size) {
      this.lose();
    }
    for (const key of this.rewrittenAtMs.keys()) {
      if (!rebuilt.includes(key)) {
        this.rewrittenAtMs.delete(key);
      }
    }
    for (const key of rebuilt.map(String)) {
      // The room is the last word: its name holds no space.
      const at = key.lastIndexOf(" ");
      void this.rewrite(key.slice(0, at), key.slice(at + 1));
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

  /** Makes Redis hold this node's people as they are, silently but for those who were told as gone meanwhile. */
  private async writeAgain(): Promise<void> {
    const { isAvailable, clock } = this.options;
    if (this.isStopped || !isAvailable()) {
      return;
    }
    await this.inTime(this.scripts.load());
    await this.inTime(this.run("renew"));
    const answer = await this.inTime(this.run("own"));
    // From here on changes go to Redis by themselves, behind what it has answered; what is said twice counts once.
    this.isAway = false;
    this.isReported = false;
    this.unsettledUntilMs = clock.monotonicMs() + this.leaseMs;
    const places = [...new Set([...(Array.isArray(answer) ? answer.map(String) : []), ...this.own.places])];
    while (places.length > 0 && !this.isStopped) {
      const part = places.splice(0, PLACES_A_SCRIPT);
      await this.inTime(
        this.run(
          "mend",
          part.flatMap((place) => [place, this.userTextAt(place)]),
        ),
      );
    }
    await this.reportBack();
  }

  /** Forgotten by Redis after they were reported: one that is told twice is better than one that never is. */
  private async reportBack(): Promise<void> {
    for (let told: string[] = []; !this.isStopped; ) {
      const answer = await this.inTime(this.run("back", [PLACES_A_SCRIPT, ...told]));
      told = Array.isArray(answer) ? answer.map(String) : [];
      if (told.length === 0) {
        return;
      }
      for (const person of told.map((place) => this.own.personAt(place))) {
        if (person) {
          this.options.onBack(person.namespace, person.room, person.user);
        }
      }
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
    for (let hasMore = true; hasMore && !this.isStopped; ) {
      // However late it is answered: who was removed is known here only.
      const answer = await this.run("sweep", [PLACES_A_SCRIPT, GONE_MEMORY_MS]);
      const [more, ...gone] = Array.isArray(answer) ? answer : [];
      hasMore = more === 1;
      for (let index = 0; index < gone.length; index += 3) {
        const user = toUser(gone[index + 2]);
        if (user) {
          this.options.onGone(String(gone[index]), String(gone[index + 1]), user);
        }
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
    const { isAvailable, graceMs = 0 } = this.options;
    if (graceMs > 0 && !this.isAway && isAvailable()) {
      await this.inTime(this.run("depart", [graceMs]));
      return;
    }
    for (let hasMore = !this.isAway && isAvailable(); hasMore; ) {
      hasMore = (await this.inTime(this.run("retire", [PLACES_A_SCRIPT]))) === 1;
    }
  }

  private run(script: PresenceScript, args: readonly (string | number)[] = []): Promise<unknown> {
    return this.scripts.run(script, [this.options.nodeId, this.leaseMs, ...args]);
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
      return await this.inTime(this.run(script, args));
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

/** Anybody who may write in Redis can write anything there: what is no user is undefined. */
function toUser(text: unknown): User | undefined {
  try {
    const { userId, username, color } = JSON.parse(String(text)) as Record<string, unknown>;
    const isUser = typeof userId === "string" && typeof username === "string" && typeof color === "string";
    return isUser ? { userId, username, color } : undefined;
  } catch {
    // No JSON, or none with members.
    return undefined;
  }
}
