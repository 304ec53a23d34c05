import type { HistoryPage, RoomState } from "../../src/contract/events";
import type { ErrorReply } from "../../src/contract/roomful-error";
import type { Clock, Timer } from "./clock";
import type { Link } from "./connection";
import { GHOST_AGE_MS, type RoomLog } from "./room-log";

export interface RoomSyncOptions {
  room: string;
  log: RoomLog;
  clock: Clock;
  random(): number;
  /** In the room; what was missed is being read. */
  onJoined(state: RoomState): void;
  /** The log has taken a page; `live`: nothing is missing any more. */
  onRead(status?: "live"): void;
  onRefused(error: ErrorReply): void;
}

const PAGE_SIZE = 200;
/** What the newest page holds when nothing is known yet. */
const FIRST_PAGE_SIZE = 50;
const LEAST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 15_000;

/**
 * Keeps a room's log true while there is a connection: joins and catches up, reads again what stays unexplained,
 * and looks after what was shown and never numbered. It holds back what arrives until a join is answered, since
 * the answer is older than that.
 */
export function createRoomSync({ room, log, clock, random, onJoined, onRead, onRefused }: RoomSyncOptions) {
  let link: Link | undefined;
  /** Counts the tasks: one that is no longer the last ends at its next answer. */
  let task = 0;
  let isBusy = false;
  let held: (() => void)[] | undefined;
  let timer: Timer | undefined;
  let ghostTimer: Timer | undefined;
  /** Reads in a row that brought nothing new. */
  let fruitless = 0;

  /** 1 to 2 s, or from what is asked for to twice that: not all readers of a room at the same moment. */
  const jitter = (leastMs = LEAST_DELAY_MS): number => leastMs * (1 + random());
  const backOffMs = (): number => Math.min(MAX_DELAY_MS, LEAST_DELAY_MS * 2 ** fruitless);

  function plan(run: () => unknown, leastMs?: number): void {
    timer?.clear();
    timer = clock.setTimer(() => {
      timer = undefined;
      run();
    }, jitter(leastMs));
  }

  /** Takes the place of the task before. */
  function begin(): () => boolean {
    timer?.clear();
    timer = undefined;
    isBusy = true;
    task += 1;
    const own = task;
    return () => own === task;
  }

  function end(): void {
    isBusy = false;
    watch();
  }

  /** Plans to read again, if something is missing. */
  function watch(): void {
    if (!isBusy && !timer && link && log.isBehind) {
      plan(repair, backOffMs());
    }
  }

  /** Joins, if that is needed, and reads what was missed. */
  async function catchUp(): Promise<void> {
    if (!link) {
      return;
    }
    const isCurrent = begin();
    const { upTo: after, epoch } = log;
    const suspects = log.suspects();
    held ??= [];
    const reply = await link.ask("join", {
      room,
      limit: after === undefined ? FIRST_PAGE_SIZE : PAGE_SIZE,
      after,
      // An epoch that was not told (strict rooms) is not null: that would mean that the room had none.
      epoch: after ? (epoch ?? undefined) : epoch,
    });
    if (!isCurrent()) {
      return;
    }
    if (!reply?.ok) {
      if (reply?.error.retryable === false) {
        onRefused(reply.error);
      } else {
        plan(catchUp, reply?.error.retryAfterMs);
      }
      return;
    }
    const state = reply.data;
    const isRead = log.applyState(state, after !== undefined);
    const waiting = held;
    held = undefined;
    onJoined(state);
    waiting.forEach(receive);
    // What was held back may have begun another.
    if (!isCurrent()) {
      return;
    }
    if (!isRead) {
      fruitless += 1;
      plan(catchUp, backOffMs());
    } else if (!(state.recovered && state.hasMore) || (await readOn(isCurrent))) {
      log.bury(suspects, state);
      fruitless = 0;
      watchForGhosts();
      onRead("live");
      end();
    }
  }

  function watchForGhosts(): void {
    ghostTimer?.clear();
    ghostTimer = clock.setTimer(
      () => {
        if (log.suspects()[0]) {
          void catchUp();
        } else {
          watchForGhosts();
        }
      },
      jitter(GHOST_AGE_MS / 2),
    );
  }

  /** Reads what stays unexplained, and what is in doubt. */
  async function repair(): Promise<void> {
    const isCurrent = begin();
    const before = log.upTo;
    for (const seq of log.doubtful) {
      if (!(await readAfter(seq - 1, 1, isCurrent))) {
        return;
      }
      // What the table does not name is not there any more.
      log.doubtful.delete(seq);
    }
    if (!log.isBehind || (await readOn(isCurrent))) {
      fruitless = log.isBehind && log.upTo === before ? fruitless + 1 : 0;
      end();
    }
  }

  /** Reads what follows, page after page. Answers false when another task has begun. */
  async function readOn(isCurrent: () => boolean): Promise<boolean> {
    for (let hasMore = true; hasMore; ) {
      const after = log.upTo as number;
      const page = await readAfter(after, PAGE_SIZE, isCurrent);
      if (!page) {
        return false;
      }
      hasMore = page.hasMoreAfter && log.upTo !== after;
    }
    return true;
  }

  async function readAfter(after: number, limit: number, isCurrent: () => boolean): Promise<HistoryPage | undefined> {
    for (;;) {
      const reply = await link?.ask("history", { room, after, limit });
      if (!isCurrent()) {
        return undefined;
      }
      if (reply?.ok && log.applyAfter(reply.data, after)) {
        onRead();
        return reply.data;
      }
      if (reply && (reply.ok || !reply.error.retryable)) {
        // Another life of the room, or not in it: joining finds that out.
        void catchUp();
        return undefined;
      }
      await new Promise<void>((resolve) => plan(resolve, reply?.error.retryAfterMs));
    }
  }

  /** Something came for the room: now, or after the answer that is being waited for. */
  function receive(apply: () => void): void {
    if (held) {
      held.push(apply);
    } else {
      apply();
      watch();
    }
  }

  return {
    catchUp,
    receive,
    watch,

    up(next: Link): void {
      link = next;
      void catchUp();
    },

    /** There is no connection, or no room for this user. */
    down(): void {
      begin();
      ghostTimer?.clear();
      link = held = undefined;
      fruitless = 0;
    },
  };
}
