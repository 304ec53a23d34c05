import type {
  HistoryPage,
  LiveMessage,
  MessageBody,
  RoomState,
  StoredMessage,
  StoredRuns,
  User,
} from "../../src/contract/events";
import type { RoomChange, RoomMessage } from "./types";

export interface RoomLogOptions {
  maxMessages: number;
  now(): number;
  onChange(change: RoomChange): void;
}

/** An un-numbered message that nothing is heard of for so long may never have been stored. */
export const GHOST_AGE_MS = 30_000;
/** System messages that are kept. */
const MAX_SYSTEM_MESSAGES = 100;

export type RoomLog = ReturnType<typeof createRoomLog>;

/**
 * One room as a reader holds it, by the reader rule of the delivery contract (README, "The contract"): what is numbered,
 * in order, and what was shown without a number. It knows no socket and no timer.
 *
 * `upTo` is the number up to which nothing is missing, from the oldest that is held. What lies between it and
 * `lastSeq` and is not held is a gap, which the caller closes with pages.
 */
export function createRoomLog({ maxMessages, now, onChange }: RoomLogOptions) {
  const byKey = new Map<string, RoomMessage>();
  const bySeq = new Map<number, RoomMessage>();
  /** Keys of what has no number. */
  const shown = new Set<string>();
  const systemKeys: string[] = [];
  /** Numbers that are held, and must be read again. */
  const doubtful = new Set<number>();
  /** null: the room has none yet; undefined: not known. */
  let epoch: string | null | undefined;
  /** undefined: no page has been read yet. */
  let upTo: number | undefined;
  /** The highest number heard of. */
  let lastSeq = 0;
  /** Lower numbers belong to pages that nobody asked for. */
  let firstSeq = 0;
  let hasOlder = false;
  let capacity = maxMessages;
  let userId = "";

  function isOfThisLife(other: string | null): boolean {
    return !epoch || epoch === other;
  }

  function hear(seq: number): void {
    lastSeq = Math.max(lastSeq, seq);
  }

  /** Nothing is missing up to here. */
  function explain(seq: number): void {
    upTo = Math.max(upTo ?? 0, seq);
    while (bySeq.has(upTo + 1)) {
      upTo += 1;
    }
    hear(upTo);
  }

  function forget({ key, seq }: RoomMessage): void {
    byKey.delete(key);
    shown.delete(key);
    // Nothing is held under no number.
    bySeq.delete(seq as number);
  }

  function remove(message: RoomMessage): void {
    forget(message);
    onChange({ type: "removed", message });
  }

  function put(body: Omit<MessageBody, "room">, given: Pick<RoomMessage, "seq" | "status" | "error">): void {
    const key = keyOf(body);
    const before = byKey.get(key);
    const isSystem = body.type === "system";
    const message: RoomMessage = {
      ...body,
      ...given,
      key,
      isOwn: body.userId === userId && !isSystem,
      shownAtMs: before?.shownAtMs ?? now(),
      afterSeq: isSystem ? lastSeq : undefined,
    };
    byKey.set(key, message);
    if (given.seq === undefined) {
      shown.add(key);
    } else {
      shown.delete(key);
      bySeq.set(given.seq, message);
    }
    if (isSystem && systemKeys.push(key) > MAX_SYSTEM_MESSAGES) {
      const oldest = byKey.get(systemKeys.shift() as string);
      if (oldest) {
        forget(oldest);
      }
    }
    onChange({ type: !before ? "message" : before.seq === given.seq ? "changed" : "stored", message });
  }

  /** `isTrue`: it is as the table has it, whatever is held. */
  function place(body: Omit<MessageBody, "room">, seq: number, isTrue: boolean): void {
    const before = byKey.get(keyOf(body));
    const there = bySeq.get(seq);
    hear(seq);
    doubtful.delete(seq);
    if (seq < firstSeq) {
      // Older than the list: it will come with its page.
      if (before) {
        remove(before);
      }
    } else if (!there || (isTrue && (there !== before || there.createdAt !== body.createdAt))) {
      // Two showings of one key are at different times.
      if (there && there !== before) {
        forget(there);
      }
      put(body, { seq, status: "stored", error: undefined });
      if (upTo !== undefined) {
        explain(upTo);
        trim(seq);
      }
    } else if (there !== before) {
      doubtful.add(seq);
    }
  }

  /** Old messages go when new ones come; `loadOlder` brings them back. */
  function trim(newest: number): void {
    while (bySeq.size > capacity && newest === upTo) {
      const oldest = bySeq.get(firstSeq);
      if (oldest) {
        forget(oldest);
      }
      firstSeq += 1;
      hasOlder = true;
    }
  }

  function reset(): void {
    for (const message of [...byKey.values()]) {
      if (!isLocal(message)) {
        forget(message);
      }
    }
    doubtful.clear();
    epoch = upTo = undefined;
    lastSeq = firstSeq = 0;
    onChange({ type: "reloaded" });
  }

  /** The list begins with this number. */
  function beginAt(seq: number, isFirst: boolean): void {
    firstSeq = seq;
    hasOlder = !isFirst;
    upTo = seq - 1;
    for (const [held, message] of [...bySeq]) {
      if (held < seq) {
        forget(message);
      }
    }
  }

  function addPage(messages: readonly StoredMessage[]): void {
    for (const { seq, room: _room, ...body } of messages) {
      place(body, seq, true);
    }
  }

  /** Answers false when the numbers that it carries are of another life of the room: join again. */
  function applyMessage({ tip, seq, stored, room: _room, ...body }: LiveMessage): boolean {
    const isKnown = !stored || applyStored(stored);
    const before = byKey.get(keyOf(body));
    hear(tip);
    if (seq !== undefined) {
      place(body, seq, true);
    } else if (!before || isLocal(before)) {
      put(body, { seq, status: before?.status ?? "shown", error: before?.error });
    }
    return isKnown;
  }

  /** Takes numbers. Answers false when they are of another life of the room: join again. */
  function applyStored({ epoch: theirs, runs }: StoredRuns): boolean {
    if (!isOfThisLife(theirs)) {
      return false;
    }
    epoch = theirs;
    for (const { from, items } of runs) {
      items.forEach(([sender, id], index) => {
        const seq = from + index;
        const message = byKey.get(keyOf({ userId: sender, id }));
        hear(seq);
        if (message?.seq === undefined && message) {
          place(message, seq, false);
        } else if (message?.seq !== seq && bySeq.has(seq)) {
          // Another key is held under it. A number that is not held is a gap, or older than the list.
          doubtful.add(seq);
        }
      });
    }
    return true;
  }

  return {
    get epoch() {
      return epoch;
    },
    get upTo() {
      return upTo;
    },
    get lastSeq() {
      return lastSeq;
    },
    /** The lowest number that is held, or would be. */
    get firstSeq() {
      return firstSeq;
    },
    get hasOlder() {
      return hasOlder;
    },
    get isBehind() {
      return upTo !== undefined && (upTo < lastSeq || doubtful.size > 0);
    },
    doubtful,
    applyMessage,
    applyStored,

    /** Numbered first, each system message behind what it came after, then what has no number, as it came. */
    list: (): RoomMessage[] => [...byKey.values()].sort((a, b) => placeOf(a) - placeOf(b)),

    find: (key: string): RoomMessage | undefined => byKey.get(key),

    /** Takes the answer of a join, or a `room_state`. Answers false when the server could not read: ask again. */
    applyState(state: RoomState, wasAfter: boolean): boolean {
      const { lastSeq: last, recovered, messages, hasMore } = state;
      // Postgres is away: the join stands, and nothing is known.
      const isRead = last !== null && (recovered !== null || (!wasAfter && (!hasMore || !!messages[0])));
      if (isRead) {
        if (!isOfThisLife(state.epoch) || last < (upTo ?? 0)) {
          reset();
        }
        epoch = state.epoch;
        const first = messages[0]?.seq ?? last + 1;
        if (upTo === undefined || (!recovered && first > upTo + 1)) {
          // The newest page, with nothing or a hole before it.
          beginAt(first, !hasMore);
        }
        addPage(messages);
        explain(messages.at(-1)?.seq ?? 0);
        hear(last);
      }
      for (const message of state.pending) {
        applyMessage(message);
      }
      return isRead;
    },

    /** Takes a page of what follows `after`. Answers false when it is of another life of the room: join again. */
    applyAfter(page: HistoryPage, after: number): boolean {
      if (!isOfThisLife(page.epoch)) {
        return false;
      }
      epoch ||= page.epoch;
      addPage(page.messages);
      if (after === upTo) {
        // What the page jumps over is not there any more.
        explain(page.messages.at(-1)?.seq ?? 0);
      }
      hear(page.lastSeq);
      return true;
    },

    /** Takes a page of what comes before the oldest that is held. */
    applyBefore({ messages, hasMoreBefore, epoch: theirs }: HistoryPage, before: number): void {
      if (before === firstSeq && isOfThisLife(theirs)) {
        // What was asked for is kept.
        capacity += messages.length;
        hasOlder = hasMoreBefore;
        firstSeq = messages[0]?.seq ?? before;
        addPage(messages);
      }
    },

    applyRetracted(sender: string, id: string): void {
      const message = byKey.get(keyOf({ userId: sender, id }));
      if (message?.seq !== undefined) {
        // Another message under the same key was taken back, and it may be that one whose words are held.
        doubtful.add(message.seq);
      } else if (message && !isLocal(message)) {
        remove(message);
      }
    },

    /** Something that was written here: its fate is the outbox's to decide. */
    putLocal(body: Omit<MessageBody, "room">, status: "sending" | "failed", error?: RoomMessage["error"]): void {
      if (byKey.get(keyOf(body))?.seq === undefined) {
        put(body, { seq: undefined, status, error });
      }
    },

    /** Something that was written here is stored. */
    applyAnswer(key: string, seq: number, createdAt: string): void {
      const message = byKey.get(key);
      if (message) {
        place({ ...message, createdAt }, seq, true);
      }
    },

    remove,

    /** The keys of what is so old that a catch-up which begins now must name it. */
    suspects: (): string[] =>
      [...shown].filter((key) => {
        const { status, afterSeq, shownAtMs } = byKey.get(key) as RoomMessage;
        return status === "shown" && afterSeq === undefined && shownAtMs <= now() - GHOST_AGE_MS;
      }),

    /**
     * A catch-up has read everything, and this was pending when it began: suspects that it did not name were never stored,
     * unless more was pending than it could name.
     */
    bury(suspects: readonly string[], { pending, hasMorePending }: RoomState): void {
      const alive = new Set(hasMorePending ? suspects : pending.map(keyOf));
      for (const key of suspects) {
        const message = byKey.get(key);
        if (message?.status === "shown" && !alive.has(key)) {
          remove(message);
        }
      }
    },

    /** Says who writes here; what was written before this was known becomes theirs. */
    adopt(user: User): void {
      userId = user.userId;
      for (const message of [...byKey.values()]) {
        if (isLocal(message) && !message.userId) {
          const own = { ...message, ...user };
          forget(message);
          own.key = keyOf(own);
          byKey.set(own.key, own);
          shown.add(own.key);
        }
      }
    },
  };
}

/** Users' ids may hold any character but NUL. */
export function keyOf({ userId, id }: { userId: string; id: string }): string {
  return `${userId}\0${id}`;
}

function isLocal({ status }: RoomMessage): boolean {
  return status === "sending" || status === "failed";
}

function placeOf({ seq, afterSeq = Number.POSITIVE_INFINITY }: RoomMessage): number {
  return seq ?? afterSeq + 0.5;
}
