import type { RoomEmitter } from "../broadcast/room-emitter";
import type { RoomfulConfig } from "../config/config";
import type { User } from "../contract/events";
import type { Clock, Timer } from "../lifecycle/clock";
import { PresenceBatch } from "./presence-batch";
import type { PresenceList } from "./presence-store";
import { createSystemMessage, type Locale } from "./system-message";

export type Step = "joined" | "left";

export interface PresenceTellerOptions {
  emitter: Pick<RoomEmitter, "emit">;
  config: RoomfulConfig["presence"];
  locale: Locale;
  clock: Clock;
  /** The highest number known of a room, for the system messages. */
  tipOf(room: string): number;
  makeId(): string;
  /** What was gathered in the room is to be told: `settle` waits for the list. */
  onDue(room: string): void;
}

interface Gathering {
  batch: PresenceBatch;
  /** The newest step of a small room: held back, so that the list at the end names somebody who was not told of. */
  last: { user: User; step: Step } | undefined;
  /** Since the last look. */
  steps: number;
  /** Users who were told as gone and are here: true whatever other nodes say. */
  readonly back: Set<string>;
  /** The room was told of steps without a list. */
  owesList: boolean;
  /** Steps were counted while other nodes could not be asked: who knows where else their users are. */
  isDoubtful: boolean;
  isLarge: boolean;
  timer: Timer;
}

const SECOND_MS = 1_000;

/**
 * Tells rooms who has come and gone.
 *
 * - A quiet room of up to `maxListed` people is told each step, with the whole list and a system message.
 * - A busy one (more than `maxStepsPerSecond` steps in a second) is told of them together once a second, in
 *   `presence_changed`, until a second was quiet. The newest step is always held back: at the end it is told as in a
 *   quiet room, so that everybody has a right list whatever they made of the changes.
 * - A larger one is told every `batchIntervalMs`, without a list; one that shrinks has a list at the first step within the limit.
 * - While other nodes cannot be asked nobody is told anything. Afterwards a room whose whole list is known is told what
 *   is true by it, like a busy one.
 */
export class PresenceTeller {
  private readonly gatherings = new Map<string, Gathering>();
  /** Steps of rooms in their present second. */
  private readonly paces = new Map<string, { steps: number; timer: Timer }>();
  private isStopped = false;

  constructor(private readonly options: PresenceTellerOptions) {}

  /** A step in the room now needs no list. */
  isGathering(room: string): boolean {
    return this.gatherings.get(room)?.isLarge === false;
  }

  /** @param list as it is after the step; not needed while the room is gathering. */
  tell(room: string, user: User, step: Step, list: PresenceList | undefined): void {
    if (this.isStopped) {
      return;
    }
    if (!list || list.partial || this.isGathering(room)) {
      this.gather(room, user, step, false);
      return;
    }
    // A leave from one above the limit is still told to a room that has no list: by batch. The next step brings it.
    const before = step === "left" ? list.count + 1 : list.count;
    if (before > this.options.config.maxListed) {
      this.gather(room, user, step, true);
      return;
    }
    const gathered = this.gatherings.get(room);
    if (gathered) {
      this.end(room, gathered);
      this.flush(room, gathered, list.count);
    }
    if (this.isBusy(room)) {
      this.gather(room, user, step, false);
    } else {
      this.tellListed(room, user, step, list);
    }
  }

  /** Tells of one who was told as gone, and has a socket here. With others: many come back at once. */
  tellBack(room: string, user: User): void {
    if (!this.isStopped) {
      this.gather(room, user, "joined", false);
      this.gatherings.get(room)?.back.add(user.userId);
    }
  }

  /** Tells what was gathered in the room, now that the list is known. */
  settle(room: string, list: PresenceList): void {
    const gathering = this.gatherings.get(room);
    if (!gathering || this.isStopped) {
      return;
    }
    if (gathering.isLarge) {
      this.end(room, gathering);
      this.flush(room, gathering, list.count);
    } else if (list.partial) {
      gathering.isDoubtful = true;
      gathering.steps = 0;
      if (gathering.batch.isEmpty && !gathering.owesList) {
        // All who came have gone: rooms that somebody only looked into are not asked about until the others are back.
        this.end(room, gathering);
      } else {
        this.arm(room, gathering, SECOND_MS);
      }
    } else {
      this.settleListed(room, gathering, list);
    }
  }

  /** What is gathered could not be told: it is tried again. */
  postpone(room: string): void {
    const gathering = this.gatherings.get(room);
    if (gathering && !this.isStopped) {
      this.arm(room, gathering, SECOND_MS);
    }
  }

  stop(): void {
    this.isStopped = true;
    for (const { timer } of [...this.gatherings.values(), ...this.paces.values()]) {
      timer.clear();
    }
  }

  private settleListed(room: string, gathering: Gathering, list: PresenceList): void {
    const { maxListed, maxStepsPerSecond } = this.options.config;
    const present = new Set(list.users.map(({ userId }) => userId));
    if (present.size === list.count) {
      gathering.batch.keepTrue(present);
    } else if (gathering.isDoubtful) {
      gathering.batch.keepJoined(gathering.back);
      gathering.last = undefined;
    }
    gathering.isDoubtful = false;
    const isQuiet = maxStepsPerSecond === 0 || gathering.steps <= maxStepsPerSecond;
    gathering.steps = 0;
    if (isQuiet) {
      this.end(room, gathering);
    } else {
      this.arm(room, gathering, SECOND_MS);
    }
    const isTrue = ({ user, step }: { user: User; step: Step }): boolean =>
      present.has(user.userId) === (step === "joined");
    if (gathering.last && !isTrue(gathering.last)) {
      // Somebody else is held back: it did not happen, or another node knows better.
      gathering.last = gathering.batch.someone ?? (gathering.owesList ? gathering.last : undefined);
    }
    const { last } = gathering;
    if (!last || list.count > maxListed) {
      this.flush(room, gathering, list.count);
      return;
    }
    const isNamed = gathering.batch.forget(last.user.userId);
    this.flush(room, gathering, list.count);
    if (!isQuiet) {
      // Who came and went again is in neither list.
      if (isNamed) {
        this.note(gathering, last.user, last.step);
      }
      return;
    }
    this.tellListed(room, last.user, present.has(last.user.userId) ? "joined" : "left", list);
  }

  private isBusy(room: string): boolean {
    const { clock, config } = this.options;
    if (config.maxStepsPerSecond === 0) {
      return false;
    }
    let pace = this.paces.get(room);
    if (!pace) {
      pace = { steps: 0, timer: clock.setTimer(() => this.paces.delete(room), SECOND_MS) };
      this.paces.set(room, pace);
    }
    pace.steps += 1;
    return pace.steps > config.maxStepsPerSecond;
  }

  private gather(room: string, user: User, step: Step, isLarge: boolean): void {
    let gathering = this.gatherings.get(room);
    if (!gathering) {
      gathering = {
        ...{ batch: new PresenceBatch(), last: undefined, steps: 0, owesList: false, isDoubtful: false, isLarge },
        ...{ back: new Set<string>(), timer: NO_TIMER },
      };
      this.gatherings.set(room, gathering);
      this.arm(room, gathering, isLarge ? this.options.config.batchIntervalMs : SECOND_MS);
    }
    gathering.steps += 1;
    this.note(gathering, user, step);
  }

  private note(gathering: Gathering, user: User, step: Step): void {
    gathering.last = { user, step };
    if (step === "joined") {
      gathering.batch.join(user);
    } else {
      gathering.batch.leave(user);
    }
  }

  private arm(room: string, gathering: Gathering, delayMs: number): void {
    gathering.timer.clear();
    gathering.timer = this.options.clock.setTimer(() => this.options.onDue(room), delayMs);
  }

  private end(room: string, gathering: Gathering): void {
    gathering.timer.clear();
    this.gatherings.delete(room);
  }

  private flush(room: string, gathering: Gathering, count: number): void {
    if (!gathering.batch.isEmpty) {
      this.options.emitter.emit(room, "presence_changed", gathering.batch.toEvent(room, count));
      gathering.batch = new PresenceBatch();
      gathering.owesList = true;
    }
  }

  private tellListed(room: string, user: User, step: Step, { count, users }: PresenceList): void {
    const { emitter, config, locale, clock, tipOf, makeId } = this.options;
    const { userId, username, color } = user;
    const payload = { room, userId, username, color, count, users };
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
}

const NO_TIMER: Timer = {
  clear() {
    // There is none yet.
  },
};
