import type { RoomSnapshot } from "roomful-client";

import type { Keeper } from "./identity";
import type { ReadMark } from "./unread";
import { createValue } from "./value";

type Marks = Readonly<Record<string, ReadMark>>;

/** Up to where one person has read each room: kept, so that a reload does not make everything new. */
export function createReadMarks(keeper: Keeper, userId: string, now: () => number) {
  const key = `roomful:read:${userId}`;
  const marks = createValue<Marks>(kept());

  function kept(): Marks {
    try {
      const numbers = JSON.parse(keeper.getItem(key) ?? "{}") as Record<string, unknown>;
      return Object.fromEntries(
        Object.entries(numbers).map(([room, seq]) => [room, { seq: Number(seq) || 0, atMs: 0 }]),
      );
    } catch {
      // Of another program, or forbidden: nothing was read.
      return {};
    }
  }

  function put(room: string, mark: ReadMark): void {
    const before = marks.getSnapshot()[room];
    marks.set({ ...marks.getSnapshot(), [room]: mark });
    if (before?.seq !== mark.seq) {
      const numbers = { ...kept(), ...marks.getSnapshot() };
      keeper.setItem(
        key,
        JSON.stringify(Object.fromEntries(Object.entries(numbers).map(([name, { seq }]) => [name, seq]))),
      );
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
      const mark = marks.getSnapshot()[room];
      if (status === "live" && (!mark || mark.seq > lastSeq)) {
        put(room, { seq: lastSeq, atMs: now() });
      }
    },

    /** Another tab has read further. */
    reload(): void {
      const mine = marks.getSnapshot();
      const theirs = Object.entries(kept()).filter(([room, { seq }]) => seq > (mine[room]?.seq ?? 0));
      if (theirs.length > 0) {
        marks.set({ ...mine, ...Object.fromEntries(theirs.map(([room, { seq }]) => [room, { seq, atMs: now() }])) });
      }
    },
  };
}

export type ReadMarks = ReturnType<typeof createReadMarks>;
