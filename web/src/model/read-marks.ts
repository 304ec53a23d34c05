import type { RoomSnapshot } from "roomful-client";

import type { Keeper } from "./identity";
import type { ReadMark } from "./unread";
import { createValue } from "./value";

/** By room: a map, since rooms may be called `constructor`. */
type Marks = ReadonlyMap<string, ReadMark>;

/** Up to where one person has read each room: kept, so that a reload does not make everything new. */
export function createReadMarks(keeper: Keeper, userId: string, now: () => number) {
  const key = `roomful:read:${userId}`;
  const marks = createValue<Marks>(kept());

  function kept(): Marks {
    try {
      const numbers = JSON.parse(keeper.getItem(key) ?? "{}") as Record<string, unknown>;
      return new Map(Object.entries(numbers).map(([room, seq]) => [room, { seq: Number(seq) || 0, atMs: 0 }]));
    } catch {
      // Of another program, or forbidden: nothing was read.
      return new Map();
    }
  }

  function put(room: string, mark: ReadMark): void {
    const before = marks.getSnapshot();
    marks.set(new Map([...before, [room, mark]]));
    if (before.get(room)?.seq !== mark.seq) {
      const numbers = [...kept(), ...marks.getSnapshot()].map(([name, { seq }]) => [name, seq]);
      keeper.setItem(key, JSON.stringify(Object.fromEntries(numbers)));
    }
  }

  return {
    key,
    subscribe: marks.subscribe,
    getSnapshot: marks.getSnapshot,

    /** Everything that is there has been read. */
    read({ room, lastSeq }: Pick<RoomSnapshot, "room" | "lastSeq">): void {
      put(room, { seq: lastSeq, atMs: now() });
    },

    /** A room that is new here begins read; one that was made anew since has other numbers. */
    begin({ room, status, lastSeq }: Pick<RoomSnapshot, "room" | "status" | "lastSeq">): void {
      const mark = marks.getSnapshot().get(room);
      if (status === "live" && (!mark || mark.seq > lastSeq)) {
        put(room, { seq: lastSeq, atMs: now() });
      }
    },

    /** Another tab has read further. */
    reload(): void {
      const mine = marks.getSnapshot();
      const theirs = [...kept()].filter(([room, { seq }]) => seq > (mine.get(room)?.seq ?? 0));
      if (theirs.length > 0) {
        marks.set(new Map([...mine, ...theirs.map(([room, { seq }]) => [room, { seq, atMs: now() }] as const)]));
      }
    },
  };
}

export type ReadMarks = ReturnType<typeof createReadMarks>;
