import { createRoomLog, GHOST_AGE_MS, keyOf } from "../../../client/src/room-log";
import type { RoomChange } from "../../../client/src/types";
import type { LiveMessage, RoomState, StoredMessage } from "../../../src/contract/events";

const AT = "2026-01-01T00:00:00.000Z";
const body = (id: string, content = id) => ({
  ...{ id, content, room: "a", userId: "bob", username: "Bob", color: "#000000", type: "text", createdAt: AT },
});
const live = (id: string, rest: Partial<LiveMessage> = {}): LiveMessage => ({ ...body(id), tip: 0, ...rest });
const row = (seq: number, id = `m${seq}`): StoredMessage => ({ ...body(id), seq });
const rows = (from: number, to: number): StoredMessage[] =>
  Array.from({ length: to - from + 1 }, (_, index) => row(from + index));
const state = (rest: Partial<RoomState> = {}): RoomState => ({
  ...{
    room: "a",
    epoch: "e",
    lastSeq: 0,
    recovered: null,
    messages: [],
    hasMore: false,
    pending: [],
    users: [],
    count: 0,
  },
  ...rest,
});
const stored = (from: number, ...ids: string[]) => ({
  epoch: "e",
  runs: [{ from, items: ids.map((id): [string, string] => ["bob", id]) }],
});

function setup(maxMessages = 1_000) {
  const changes: RoomChange[] = [];
  let nowMs = 0;
  const log = createRoomLog({ maxMessages, now: () => nowMs, onChange: (change) => changes.push(change) });
  const shown = () => log.list().map(({ seq, id }) => (seq === undefined ? id : `${seq}:${id}`));
  return {
    ...{ log, changes, shown },
    typesOf: () => changes.map(({ type }) => type),
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

it("shows a message at once, places it when its number comes, and says both", () => {
  const { log, shown, typesOf } = setup();
  log.applyState(state(), false);
  log.applyMessage(live("x"));
  log.applyMessage(live("y"));
  expect(shown()).toEqual(["x", "y"]);

  log.applyStored(stored(1, "y", "x"));

  expect(shown()).toEqual(["1:y", "2:x"]);
  expect(typesOf()).toEqual(["message", "message", "stored", "stored"]);
  expect(log).toMatchObject({ upTo: 2, lastSeq: 2, isBehind: false });
});

it("ignores a copy without a number of what it holds with one, and a second copy", () => {
  const { log, shown, typesOf } = setup();
  log.applyState(state({ lastSeq: 1, messages: [row(1)] }), false);
  log.applyMessage(live("m1"));
  log.applyMessage(live("x"));
  log.applyMessage(live("x"));

  expect(shown()).toEqual(["1:m1", "x"]);
  expect(typesOf()).toEqual(["message", "message"]);
});

it.each<[string, (log: ReturnType<typeof createRoomLog>) => void]>([
  ["the tip of a message", (log) => log.applyMessage(live("x", { tip: 3 }))],
  ["a key in `stored` that it does not know", (log) => log.applyStored(stored(3, "x"))],
  ["numbers that ride on a message", (log) => log.applyMessage(live("y", { stored: stored(3, "x") }))],
  ["a message with a number", (log) => log.applyMessage(live("x", { seq: 3 }))],
])("is behind after %s, until a page fills the gap", (_what, hear) => {
  const { log } = setup();
  log.applyState(state({ lastSeq: 1, messages: [row(1)] }), false);
  hear(log);
  expect(log.isBehind).toBe(true);

  const page = { messages: [row(2), row(3, "x")], hasMoreBefore: true, hasMoreAfter: false, lastSeq: 3, epoch: "e" };
  expect(log.applyAfter(page, 1)).toBe(true);

  expect(log).toMatchObject({ isBehind: false, upTo: 3 });
});

it("lets a copy go whose number is below the oldest that it holds: that is no gap", () => {
  const { log, shown } = setup();
  log.applyState(state({ lastSeq: 60, messages: rows(11, 60), hasMore: true }), false);
  log.applyMessage(live("m5"));

  log.applyStored(stored(5, "m5"));

  expect(shown()).not.toContain("m5");
  expect(log.isBehind).toBe(false);
});

it("takes away what is retracted, and reads again what is retracted and has a number", () => {
  const { log, shown } = setup();
  log.applyState(state({ lastSeq: 1, messages: [row(1)] }), false);
  log.applyMessage(live("x"));

  log.applyRetracted("bob", "x");
  log.applyRetracted("bob", "m1");

  expect(shown()).toEqual(["1:m1"]);
  expect([...log.doubtful]).toEqual([1]);
  const truth = { ...row(1), content: "as stored", createdAt: "2026-01-02T00:00:00.000Z" };
  log.applyAfter({ messages: [truth], hasMoreBefore: false, hasMoreAfter: false, lastSeq: 1, epoch: "e" }, 0);
  expect(log.list()).toMatchObject([{ seq: 1, content: "as stored" }]);
  expect(log.isBehind).toBe(false);
});

it("buries what is older than 30 s and in neither the pages nor the pending of a later catch-up, system messages apart", () => {
  const { log, shown, pass } = setup();
  log.applyState(state(), false);
  log.applyMessage(live("ghost"));
  log.applyMessage(live("slow"));
  log.applyMessage(live("joined", { type: "system" }));
  log.putLocal({ ...body("mine"), userId: "" }, "sending");
  pass(GHOST_AGE_MS);
  log.applyMessage(live("young"));
  const suspects = log.suspects();
  expect(suspects).toEqual([keyOf(body("ghost")), keyOf(body("slow"))]);

  // More was pending than could be listed: of what is not named nothing is known.
  log.bury(suspects, state({ pending: [], hasMorePending: true }));
  expect(shown()).toContain("ghost");

  log.bury(suspects, state({ pending: [live("slow")] }));

  expect(shown().sort()).toEqual(["joined", "mine", "slow", "young"]);
});

it("drops everything but what was written here when the room has another life", () => {
  const { log, shown, typesOf } = setup();
  log.applyState(state({ lastSeq: 2, messages: rows(1, 2) }), false);
  log.applyMessage(live("x"));
  log.putLocal({ ...body("mine"), userId: "" }, "sending");
  expect(log.applyStored({ ...stored(3, "x"), epoch: "other" })).toBe(false);

  log.applyState(state({ epoch: "other", lastSeq: 1, recovered: false, messages: [row(1, "new")] }), true);

  expect(shown()).toEqual(["1:new", "mine"]);
  expect(typesOf()).toContain("reloaded");
});

it("knows nothing more after a join whose page could not be read", () => {
  const { log } = setup();
  log.applyState(state({ lastSeq: 2, messages: rows(1, 2) }), false);

  const isRead = log.applyState(state({ epoch: null, lastSeq: null, hasMore: true, pending: [live("x")] }), true);

  expect(isRead).toBe(false);
  expect(log).toMatchObject({ epoch: "e", upTo: 2 });
  expect(log.find(keyOf(body("x")))).toBeDefined();
});

it("keeps a system message behind what it came after", () => {
  const { log, shown } = setup();
  log.applyState(state({ lastSeq: 1, messages: [row(1)] }), false);
  log.applyMessage(live("joined", { type: "system" }));
  log.applyMessage(live("m2", { seq: 2 }));

  expect(shown()).toEqual(["1:m1", "joined", "2:m2"]);
});

it("lets the oldest go when there are too many, and keeps what was asked for", () => {
  const { log, shown } = setup(3);
  log.applyState(state({ lastSeq: 5, messages: rows(1, 5) }), false);
  expect(shown()).toEqual(["3:m3", "4:m4", "5:m5"]);
  expect(log).toMatchObject({ firstSeq: 3, hasOlder: true });

  log.applyBefore({ messages: rows(1, 2), hasMoreBefore: false, hasMoreAfter: true, lastSeq: 5, epoch: "e" }, 3);
  expect(log.hasOlder).toBe(false);
  log.applyMessage(live("m6", { seq: 6 }));

  expect(log.list()).toHaveLength(5);
  expect(log.isBehind).toBe(false);
});
