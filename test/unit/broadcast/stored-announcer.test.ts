import type { RoomEmitter } from "../../../src/broadcast/room-emitter";
import { StoredAnnouncer } from "../../../src/broadcast/stored-announcer";
import type { MessageKey } from "../../../src/contract/events";
import { TestClock } from "../../../src/testing/test-clock";

function setup() {
  const clock = new TestClock({ isFrozen: true });
  const emitted: unknown[] = [];
  const emitter: Pick<RoomEmitter, "emit"> = {
    emit: (room, event, ...args) => emitted.push([room, event, ...args]),
  };
  const announcer = new StoredAnnouncer({ emitter, intervalMs: 250, clock });
  const add = (seq: number, { room = "general", epoch = "e1", key = keyOf(seq) } = {}) =>
    announcer.add(room, epoch, seq, key);
  return { clock, emitted, announcer, add };
}

const keyOf = (seq: number): MessageKey => ["alice", `id-${seq}`];
const runOf = (from: number, ...seqs: number[]) => ({ from, items: [from, ...seqs].map(keyOf) });
const packetOf = (runs: unknown[], { room = "general", epoch = "e1" } = {}) => [room, "stored", { room, epoch, runs }];

it("gathers a room's numbers from the first on, and announces them in one packet", async () => {
  const { add, clock, emitted } = setup();
  add(1);
  await clock.advance(200);
  add(2);
  await clock.advance(49);
  expect(emitted).toEqual([]);

  await clock.advance(1);
  expect(emitted).toEqual([packetOf([runOf(1, 2)])]);

  add(3);
  await clock.advance(249);
  expect(emitted).toHaveLength(1);
  await clock.advance(1);
  expect(emitted[1]).toEqual(packetOf([runOf(3)]));
});

it("makes one run of consecutive numbers, whatever the order in which they came", async () => {
  const { add, clock, emitted } = setup();
  for (const seq of [9, 3, 1, 2, 7, 10]) {
    add(seq);
  }

  await clock.advance(250);

  expect(emitted).toEqual([packetOf([runOf(1, 2, 3), runOf(7), runOf(9, 10)])]);
});

it("names a number once that came several times", async () => {
  const { add, clock, emitted } = setup();
  for (const seq of [5, 4, 5, 6, 5, 4]) {
    add(seq);
  }

  await clock.advance(250);

  expect(emitted).toEqual([packetOf([runOf(4, 5, 6)])]);
});

it("gives what was gathered to a message that takes it, and does not announce it again", async () => {
  const { add, announcer, clock, emitted } = setup();
  add(2);
  add(1);

  expect(announcer.take("general")).toEqual({ epoch: "e1", runs: [runOf(1, 2)] });
  expect(announcer.take("general")).toBeUndefined();
  await clock.advance(1_000);
  expect(emitted).toEqual([]);
});

it("waits its whole time anew after a message has taken what was there", async () => {
  const { add, announcer, clock, emitted } = setup();
  add(1);
  await clock.advance(200);
  announcer.take("general");
  add(2);

  await clock.advance(249);
  expect(emitted).toEqual([]);
  await clock.advance(1);
  expect(emitted).toEqual([packetOf([runOf(2)])]);
});

it("keeps rooms apart", async () => {
  const { add, announcer, clock, emitted } = setup();
  add(1, { room: "a" });
  await clock.advance(100);
  add(1, { room: "b", epoch: "e2" });

  expect(announcer.take("c")).toBeUndefined();
  await clock.advance(150);
  expect(emitted).toEqual([packetOf([runOf(1)], { room: "a" })]);
  await clock.advance(100);
  expect(emitted[1]).toEqual(packetOf([runOf(1)], { room: "b", epoch: "e2" }));
});

it("announces one epoch before it gathers another, in packets of their own", async () => {
  const { add, clock, emitted } = setup();
  add(7);
  await clock.advance(100);

  add(1, { epoch: "e2" });
  expect(emitted).toEqual([packetOf([runOf(7)])]);

  await clock.advance(249);
  expect(emitted).toHaveLength(1);
  await clock.advance(1);
  expect(emitted[1]).toEqual(packetOf([runOf(1)], { epoch: "e2" }));
});

it("announces everything at once when it is flushed, and nothing later", async () => {
  const { add, announcer, clock, emitted } = setup();
  add(1, { room: "a" });
  add(4, { room: "b" });

  announcer.flush();

  expect(emitted).toEqual([packetOf([runOf(1)], { room: "a" }), packetOf([runOf(4)], { room: "b" })]);
  announcer.flush();
  await clock.advance(1_000);
  expect(emitted).toHaveLength(2);
});

it("announces thousands of numbers in packets of a limited size, and leaves no more for a message to carry", async () => {
  const { add, announcer, clock, emitted } = setup();
  const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
  const user = "\u0001".repeat(100);
  for (let seq = 1; seq <= 5_000; seq += 1) {
    add(seq, { key: [user, `01a22374-95ac-7b63-8d65-${String(seq).padStart(12, "0")}`] });
  }

  expect(bytesOf(announcer.take("general"))).toBeLessThan(70_000);
  await clock.advance(250);
  expect(emitted.length).toBeGreaterThan(1);
  expect(Math.max(...emitted.map(bytesOf))).toBeLessThan(70_000);
});
