import type { Link } from "../../../client/src/connection";
import { createRoom } from "../../../client/src/create-room";
import type { LiveMessage, StoredMessage } from "../../../src/contract/events";
import { TestClock } from "../../../src/testing/test-clock";

const ADA = { userId: "ada", username: "Ada", color: "#aa0000" };
const BOB = { userId: "bob", username: "Bob", color: "#00aa00" };
const LIFE = { epoch: "e1", delivery: null };

const stored = (seq: number): StoredMessage => ({
  ...BOB,
  ...{ room: "team", id: `m${seq}`, type: "text", content: `no. ${seq}`, createdAt: new Date(seq).toISOString(), seq },
});

/** A table of so many messages, and a room that reads it. */
function setup(count: number) {
  const clock = new TestClock({ isFrozen: true });
  const table = Array.from({ length: count }, (_, index) => stored(index + 1));
  const people = { users: [ADA], count: 1 };
  const answers = {
    join: ({ after }: { after?: number }) => ({
      ...{ room: "team", ...LIFE, ...people, lastSeq: table.length, recovered: after === undefined ? null : true },
      ...{ messages: table.slice(after ?? -2), hasMore: false, pending: [] },
    }),
    history: ({ after = 0, before, limit }: { after?: number; before?: number; limit: number }) => ({
      ...{ ...LIFE, lastSeq: table.length, pending: [] },
      messages: before === undefined ? table.slice(after, after + limit) : table.slice(0, before - 1).slice(-limit),
      ...{ hasMoreBefore: false, hasMoreAfter: before === undefined && after + limit < table.length },
    }),
  };
  const link = {
    ask: async (event: keyof typeof answers, payload: never) => ({ ok: true, data: answers[event]?.(payload) }),
    emit() {},
  } as unknown as Link;
  const managed = createRoom("team", {
    clock: { now: () => clock.now(), setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs) },
    ...{ random: () => 0, maxMessages: 300 },
    outbox: { add: () => new Promise(() => {}), open() {}, reject() {} },
    keep() {},
    onLeft() {},
  });
  const told: (readonly number[])[] = [];
  const numbers = () => managed.room.getSnapshot().messages.map(({ seq }) => seq ?? 0);
  managed.room.subscribe(() => told.push(numbers()));
  /** Lets answers arrive. */
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const live = (seq: number, tip = seq - 1) =>
    managed.receive("message", { ...stored(seq), tip, seq: undefined } as unknown as LiveMessage);
  return { clock, table, managed, link, told, numbers, turn, live };
}

it("tells of a gap that was closed when nothing happens afterwards", async () => {
  const { clock, table, managed, link, told, turn, live } = setup(2);
  managed.up(link, ADA);
  await turn();
  for (const seq of [3, 4, 5]) {
    table.push(stored(seq));
  }
  // What tells of 3 and 4 was lost on the way.
  live(5, 4);
  managed.receive("stored", { room: "team", epoch: "e1", runs: [{ from: 5, items: [["bob", "m5"]] }] });
  expect(told.at(-1)).toEqual([1, 2, 5]);

  await clock.advance(2_000);
  await turn();

  expect(told.at(-1)).toEqual([1, 2, 3, 4, 5]);
});

it("tells each page of many that are missing", async () => {
  const { clock, table, managed, link, told, turn, live } = setup(2);
  managed.up(link, ADA);
  await turn();
  for (let seq = 3; seq <= 300; seq += 1) {
    table.push(stored(seq));
  }
  live(301, 300);
  const before = told.length;

  await clock.advance(2_000);
  await turn();

  // Two pages, and the message that has no number yet.
  expect(told.slice(before).map(({ length }) => length)).toEqual([203, 301]);
});

/** After each step the snapshot is what it would be if it were made now. */
it.each<[string, (parts: ReturnType<typeof setup>) => unknown]>([
  ["a message without a number", ({ live }) => live(6)],
  ["a message with one", ({ managed }) => managed.receive("message", { ...stored(6), tip: 6 })],
  [
    "a number",
    ({ managed, live }) => {
      live(6);
      managed.receive("stored", { room: "team", epoch: "e1", runs: [{ from: 6, items: [["bob", "m6"]] }] });
    },
  ],
  [
    "a retraction",
    ({ managed, live }) => {
      live(6);
      managed.receive("retracted", { room: "team", userId: "bob", id: "m6", code: "STORAGE_REJECTED" });
    },
  ],
  ["somebody who types", ({ managed }) => managed.receive("typing", { room: "team", ...BOB, isTyping: true })],
  [
    "somebody who comes",
    ({ managed }) => managed.receive("user_joined", { room: "team", ...BOB, users: [ADA, BOB], count: 2 }),
  ],
  [
    "many who come",
    ({ managed }) => managed.receive("presence_changed", { room: "team", joined: [BOB], left: [], count: 2 }),
  ],
  ["a send", ({ managed }) => void managed.room.send("hi")],
  ["older messages", ({ managed }) => managed.room.loadOlder()],
  ["the loss of the connection", ({ managed }) => managed.down()],
  ["another connection", ({ managed, link }) => managed.up(link, ADA)],
  ["leaving", ({ managed }) => managed.room.leave()],
  [
    "a number that is doubtful, read again",
    async ({ managed, clock }) => {
      managed.receive("stored", { room: "team", epoch: "e1", runs: [{ from: 5, items: [["ada", "other"]] }] });
      await clock.advance(2_000);
    },
  ],
  [
    "a gap",
    async ({ table, managed, clock }) => {
      table.push(stored(6), stored(7));
      managed.receive("message", { ...stored(7), tip: 7 });
      await clock.advance(2_000);
    },
  ],
  [
    "a message that was never stored",
    async ({ live, clock }) => {
      live(6);
      await clock.advance(60_000);
    },
  ],
])("shows and tells of %s", async (_, change) => {
  const parts = setup(5);
  const { managed, link, turn } = parts;
  managed.up(link, ADA);
  await turn();
  let seen = managed.room.getSnapshot();
  managed.room.subscribe(() => {
    seen = managed.room.getSnapshot();
  });

  await change(parts);
  await turn();

  expect(managed.room.getSnapshot()).toBe(seen);
  const shown = { ...seen };
  // An event without a meaning has the snapshot made anew.
  managed.receive("nothing", {});
  expect(shown).toEqual(managed.room.getSnapshot());
});
