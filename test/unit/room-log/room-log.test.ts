import type { LiveMessage, MessageKey } from "../../../src/contract/events";
import type { CheckedRow, RoomRow } from "../../../src/room-log/room-log";

import { createRoomLog, pendingOf } from "../../support/room-log";

function liveOf(id: string, parts: Partial<LiveMessage> = {}): LiveMessage {
  return {
    ...{ id, room: "general", type: "text", content: `content of ${id}`, tip: 0 },
    ...{ userId: "alice", username: "Alice", color: "#000000", createdAt: "2026-01-01T00:00:00.000Z" },
    ...parts,
  };
}

/** The message as the ring holds it. */
function storedOf(seq: number, live: LiveMessage) {
  const { tip: _tip, stored: _stored, ...message } = live;
  return { ...message, seq };
}

const rowOf = (lastSeq: number, epoch = "e1"): RoomRow => ({ epoch, lastSeq, delivery: null });
const keysOf = (...ids: string[]) => ids.map((id): MessageKey => ["alice", id]);
const runsOf = (from: number, ...ids: string[]) => ({ epoch: "e1", runs: [{ from, items: keysOf(...ids) }] });

/** A log that has followed its room since it had `lastSeq` messages. */
function setup(row: RoomRow | null = rowOf(0)) {
  const log = createRoomLog(16);
  log.learn(row);
  const show = (...ids: string[]) => {
    for (const id of ids) {
      log.show(liveOf(id));
    }
  };
  const idsOf = (first: number, last: number) => log.range(first, last)?.map(({ id }) => id);
  const pendingIds = () => pendingOf(log).map(({ id }) => id);
  return { log, show, idsOf, pendingIds };
}

describe("the row", () => {
  it("is unknown at first", () => {
    const log = createRoomLog(16);

    expect(log).toMatchObject({ isLoaded: false, isLoading: false, epoch: null, delivery: null, tip: 0 });
    expect(log).toMatchObject({ hasShown: false, ringBytes: 0 });
  });

  it("is learnt with epoch, number and delivery", () => {
    const { log } = setup({ epoch: "e1", lastSeq: 7, delivery: "strict" });

    expect(log).toMatchObject({ isLoaded: true, epoch: "e1", tip: 7, delivery: "strict" });
  });

  it("may be missing, which is known then", () => {
    const { log } = setup(null);

    expect(log).toMatchObject({ isLoaded: true, epoch: null, tip: 0, delivery: null });
  });

  it("takes a change of the delivery, and a higher number only", () => {
    const { log } = setup(rowOf(7));

    log.learn({ epoch: "e1", lastSeq: 5, delivery: "strict" });
    expect(log).toMatchObject({ tip: 7, delivery: "strict" });

    log.learn(rowOf(9));
    expect(log).toMatchObject({ tip: 9, delivery: null });
  });

  it("is not taken from another epoch, or from nowhere", () => {
    const { log } = setup(rowOf(7));

    log.learn({ epoch: "e2", lastSeq: 99, delivery: "strict" });
    log.learn(null);

    expect(log).toMatchObject({ isLoaded: true, epoch: "e1", tip: 7, delivery: null });
  });

  it("gets its epoch when it is made after this node had looked for it", () => {
    const { log } = setup(null);

    log.learn(rowOf(3));

    expect(log).toMatchObject({ epoch: "e1", tip: 3 });
  });

  it("gets its epoch from the first number too", () => {
    const { log, show, idsOf } = setup(null);
    show("a");

    log.number(runsOf(1, "a"));

    expect(log).toMatchObject({ isLoaded: true, epoch: "e1", tip: 1 });
    expect(idsOf(1, 1)).toEqual(["a"]);
  });

  it("is being loaded while a first read runs, not while a later one does", async () => {
    const log = createRoomLog(16);

    const result = await log.whileReading(async () => {
      expect(log.isLoading).toBe(true);
      log.learn(rowOf(1));
      expect(log.isLoading).toBe(false);
      return "page";
    });
    expect(result).toBe("page");
    await log.whileReading(async () => expect(log.isLoading).toBe(false));
  });

  it("is not being loaded any more after the last of several reads has failed", async () => {
    const log = createRoomLog(16);
    const outcomes: boolean[] = [];
    let failFirst!: (error: Error) => void;
    const first = log.whileReading(() => new Promise<void>((_resolve, reject) => (failFirst = reject)));
    let endSecond!: () => void;
    const second = log.whileReading(() => new Promise<void>((resolve) => (endSecond = resolve)));

    failFirst(new Error("Postgres is away"));
    await expect(first).rejects.toThrow("Postgres is away");
    outcomes.push(log.isLoading);
    endSecond();
    await second;
    outcomes.push(log.isLoading);

    expect(outcomes).toEqual([true, false]);
  });
});

describe("pending", () => {
  it("is what was shown, as it was shown, in that order, until it is numbered or retracted", () => {
    const { log, show, pendingIds } = setup(rowOf(4));
    show("a", "b", "c");
    expect(pendingOf(log)).toEqual([liveOf("a"), liveOf("b"), liveOf("c")]);
    expect(log.hasShown).toBe(true);

    log.number(runsOf(5, "b"));
    expect(pendingIds()).toEqual(["a", "c"]);

    log.retract("alice", "a");
    expect(pendingIds()).toEqual(["c"]);

    log.number(runsOf(6, "c"));
    expect(log.hasShown).toBe(false);
  });

  it("tells equal ids of two users apart", () => {
    const { log } = setup();
    log.show(liveOf("a"));
    log.show(liveOf("a", { userId: "bob" }));

    log.retract("bob", "a");

    expect(pendingOf(log).map(({ userId }) => userId)).toEqual(["alice"]);
  });

  it("holds a message that was shown twice once, at its first place", () => {
    const { log, show, pendingIds } = setup();
    show("a", "b");

    log.show(liveOf("a", { content: "the second showing" }));

    expect(pendingIds()).toEqual(["a", "b"]);
    expect(pendingOf(log)[0]).toEqual(liveOf("a"));
  });

  it("does not hold a late copy of what has its number already", () => {
    const { log, show, pendingIds } = setup();
    log.show(liveOf("a", { seq: 1 }));
    log.number(runsOf(2, "never shown here"));

    show("a", "never shown here", "b");

    expect(pendingIds()).toEqual(["b"]);
    expect(log.announcedUpTo).toBe(2);
  });

  it("does not hold what comes with its number, and lets go of an earlier showing of it", () => {
    const { log, show, pendingIds } = setup();
    show("a", "b");

    log.show(liveOf("a", { seq: 1 }));

    expect(pendingIds()).toEqual(["b"]);
  });
});

describe("numbers", () => {
  it("bring shown messages into the ring, without what belongs to their delivery", () => {
    const { log } = setup();
    const first = liveOf("a", { replyTo: 1, mentions: ["bob"], metadata: { key: "value" } });
    const second = liveOf("b", { tip: 3, stored: runsOf(1, "a") });
    log.show(first);
    log.show(second);

    log.number(runsOf(1, "a", "b"));

    expect(log.range(1, 2)).toEqual([storedOf(1, first), storedOf(2, second)]);
    expect(log.tip).toBe(2);
  });

  it("may come as runs out of order", () => {
    const { log, show, idsOf } = setup();
    show("a", "b", "c", "d");

    log.number(runsOf(3, "c", "d"));
    expect(log.tip).toBe(4);
    expect(idsOf(1, 4)).toBeUndefined();
    expect(idsOf(3, 4)).toEqual(["c", "d"]);

    log.number({
      epoch: "e1",
      runs: [
        { from: 2, items: keysOf("b") },
        { from: 1, items: keysOf("a") },
      ],
    });
    expect(log.tip).toBe(4);
    expect(idsOf(1, 4)).toEqual(["a", "b", "c", "d"]);
  });

  it("move the tip for what was not shown here too, and leave a hole in the ring", () => {
    const { log, show, idsOf } = setup();
    show("a", "c");

    log.number(runsOf(1, "a", "never shown here", "c"));

    expect(log.tip).toBe(3);
    expect(idsOf(1, 3)).toBeUndefined();
    expect(idsOf(3, 3)).toEqual(["c"]);
  });

  it("of another epoch change nothing", () => {
    const { log, show, pendingIds, idsOf } = setup(rowOf(4));
    show("a");

    log.number({ ...runsOf(5, "a"), epoch: "e2" });

    expect(log).toMatchObject({ epoch: "e1", tip: 4 });
    expect(pendingIds()).toEqual(["a"]);
    expect(idsOf(5, 5)).toBeUndefined();
  });

  it("before the row was read move the tip", () => {
    const log = createRoomLog(16);

    log.number(runsOf(3, "a"));
    expect(log).toMatchObject({ isLoaded: false, tip: 3 });

    log.learn(rowOf(2));
    expect(log).toMatchObject({ isLoaded: true, tip: 3 });
  });
});

describe("the ring", () => {
  it("does not take a repeat that got the number of its first showing", () => {
    const { log, show, idsOf, pendingIds } = setup(rowOf(7));
    // Stored as number 7 long ago, forgotten, sent again: its time is not the stored one.
    show("late repeat");

    log.number(runsOf(7, "late repeat"));

    expect(idsOf(7, 7)).toBeUndefined();
    expect(pendingIds()).toEqual([]);
    expect(log.tip).toBe(7);
  });

  it("does not take what was shown before the row was read, which may be a repeat", () => {
    const log = createRoomLog(16);
    log.show(liveOf("shown before"));
    log.learn(rowOf(7));
    log.show(liveOf("shown after"));

    log.number(runsOf(7, "shown before", "shown after"));

    expect(log.range(7, 7)).toBeUndefined();
    expect(log.range(8, 8)).toMatchObject([{ id: "shown after" }]);
    expect(log).toMatchObject({ tip: 8, hasShown: false });
  });

  it("compares a number with the tip at the time of the showing, not with the tip of now", () => {
    const { log, show, idsOf } = setup(rowOf(7));
    show("a", "b");

    log.number(runsOf(9, "b"));
    log.number(runsOf(8, "a"));

    expect(idsOf(8, 9)).toEqual(["a", "b"]);
  });

  it("does not take a message that was shown twice before its number came", () => {
    const { log, show, idsOf, pendingIds } = setup();
    show("a", "b");
    log.show(liveOf("a", { createdAt: "2026-01-01T00:00:09.000Z" }));

    log.number(runsOf(1, "a", "b"));

    expect(idsOf(1, 1)).toBeUndefined();
    expect(idsOf(2, 2)).toEqual(["b"]);
    expect(pendingIds()).toEqual([]);
    expect(log.tip).toBe(2);
  });

  it("keeps the first showing when a repeat is shown after its number came", () => {
    const { log, show } = setup();
    show("a");
    log.number(runsOf(1, "a"));

    log.show(liveOf("a", { createdAt: "2026-01-01T00:00:09.000Z" }));
    log.number(runsOf(1, "a"));

    expect(log.range(1, 1)).toEqual([storedOf(1, liveOf("a"))]);
    expect(log.hasShown).toBe(false);
  });

  it("takes again what was retracted and then shown and stored", () => {
    const { log, show, idsOf } = setup();
    show("a");
    log.retract("alice", "a");
    show("a");

    log.number(runsOf(1, "a"));

    expect(idsOf(1, 1)).toEqual(["a"]);
  });

  it("takes what comes with its number, which moves the tip", () => {
    const { log } = setup(rowOf(4));
    const live = liveOf("a", { seq: 5, tip: 5 });

    log.show(live);

    expect(log.range(5, 5)).toEqual([storedOf(5, live)]);
    expect(log.tip).toBe(5);
    expect(log.ringBytes).toBeGreaterThan(0);
  });

  it("is dropped alone: tip, row and what was shown stay, and what comes later is kept", () => {
    const { log, show, idsOf, pendingIds } = setup();
    show("a", "b", "c");
    log.number(runsOf(1, "a"));

    log.dropRing();

    expect(idsOf(1, 1)).toBeUndefined();
    expect(log).toMatchObject({ isLoaded: true, epoch: "e1", tip: 1, ringBytes: 0 });
    expect(pendingIds()).toEqual(["b", "c"]);
    log.number(runsOf(2, "b", "c"));
    expect(idsOf(2, 3)).toEqual(["b", "c"]);
    expect(idsOf(1, 3)).toBeUndefined();
  });

  it("holds as many messages as it was made for", () => {
    const { log, show, idsOf } = setup();
    const ids = Array.from({ length: 17 }, (_, index) => `id-${index + 1}`);
    show(...ids);

    log.number(runsOf(1, ...ids));

    expect(idsOf(1, 17)).toBeUndefined();
    expect(idsOf(2, 17)).toHaveLength(16);
  });
});

describe("contradicts", () => {
  const checked = (row: RoomRow | null, parts: Partial<CheckedRow> = {}): CheckedRow | null =>
    row && { ...row, witness: null, inSpan: 0, ...parts };

  it.each<[string, RoomRow | null, number, boolean]>([
    ["the same epoch and number", rowOf(7), 7, false],
    ["a higher number", rowOf(9), 7, false],
    ["a number below the tip from before the read", rowOf(6), 7, true],
    ["a number below the tip of now, given while the read ran", rowOf(6), 6, false],
    ["another epoch", rowOf(7, "e2"), 7, true],
    ["another epoch with a higher number", rowOf(9, "e2"), 7, true],
    ["no row any more", null, 7, true],
    ["no row any more, of a room without messages", null, 0, true],
  ])("judges %s", (_name, row, tip, expected) => {
    const { log } = setup(rowOf(7));
    expect(log.contradicts(checked(row), { ...log.look(), tip })).toBe(expected);
  });

  it.each<[string, RoomRow | null, boolean]>([
    ["still none", null, false],
    ["one with messages", rowOf(3), false],
  ])("judges a room that had no row: %s", (_name, row, expected) => {
    const { log } = setup(null);
    expect(log.contradicts(checked(row), log.look())).toBe(expected);
  });

  it("takes a row that is made while the table is read for no other room", () => {
    const { log } = setup(null);
    const look = log.look();
    log.number(runsOf(1, "a"));

    expect(log.contradicts(null, look)).toBe(false);
  });

  it("judges a log that has numbers and no row yet by the numbers", () => {
    const log = createRoomLog(16);
    log.number(runsOf(3, "a"));

    expect(log.contradicts(checked(rowOf(3)), log.look())).toBe(false);
    expect(log.contradicts(checked(rowOf(2)), log.look())).toBe(true);
    expect(log.contradicts(null, log.look())).toBe(true);
  });

  it.each<[string, MessageKey | null, boolean]>([
    ["the message that is known by it", ["alice", "a"], false],
    ["another's", ["bob", "a"], true],
    ["nobody's any more, which is a deletion", null, false],
  ])("judges the number that is known best: %s", (_name, witness, expected) => {
    const { log } = setup(rowOf(7));
    log.number(runsOf(8, "a"));

    expect(log.contradicts(checked(rowOf(9), { witness }), log.look())).toBe(expected);
  });
});

it("forgets the room when it is reset, keeps what waits for its fate, and follows another epoch from there", () => {
  const { log, show, idsOf, pendingIds } = setup({ epoch: "e1", lastSeq: 0, delivery: "strict" });
  show("a", "b");
  log.number(runsOf(1, "a"));

  log.reset();

  expect(log).toMatchObject({ isLoaded: false, epoch: null, tip: 0, isDoubtful: false, ringBytes: 0 });
  // Until its row is read: what is shown before the commit cannot be taken back in a strict room.
  expect(log.delivery).toBe("strict");
  expect(idsOf(1, 1)).toBeUndefined();
  log.learn(rowOf(1, "e2"));
  expect(log.delivery).toBeNull();
  show("c", "a");
  expect(pendingIds()).toEqual(["b", "c", "a"]);
  log.number({ epoch: "e2", runs: [{ from: 2, items: keysOf("c", "b") }] });
  expect(log).toMatchObject({ epoch: "e2", tip: 3 });
  expect(idsOf(2, 2)).toEqual(["c"]);
  // Shown in the room's other life: what its content is in this one is not known.
  expect(idsOf(3, 3)).toBeUndefined();
});
