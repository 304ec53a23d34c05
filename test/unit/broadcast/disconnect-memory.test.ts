import { DisconnectMemory } from "../../../src/broadcast/disconnect-memory";
import { RoomfulError } from "../../../src/contract/roomful-error";
import { TestClock } from "../../../src/testing/test-clock";

const SLOW = new RoomfulError("SLOW_CONSUMER").toReply();
const EXPIRED = new RoomfulError("TOKEN_EXPIRED").toReply();

function setup() {
  const clock = new TestClock({ isFrozen: true });
  return { clock, memory: new DisconnectMemory(60_000, clock) };
}

it("answers why a socket was cut, as often as its user asks", async () => {
  const { memory } = setup();
  memory.remember("s1", "alice", SLOW);
  memory.remember("s2", "alice", EXPIRED);

  expect(await Promise.all(["s1", "s2", "s1"].map((id) => memory.recall(id, "alice")))).toEqual([
    ...[SLOW, EXPIRED, SLOW],
  ]);
});

it("knows nothing of other sockets", async () => {
  const { memory } = setup();
  memory.remember("s1", "alice", SLOW);

  expect(await memory.recall("s2", "alice")).toBeUndefined();
});

it("answers nobody but the same user", async () => {
  const { memory } = setup();
  memory.remember("s1", "alice", SLOW);

  expect(await memory.recall("s1", "mallory")).toBeUndefined();
  expect(await memory.recall("s1", "alice")).toEqual(SLOW);
});

it("forgets after its time", async () => {
  const { clock, memory } = setup();
  memory.remember("s1", "alice", SLOW);

  await clock.advance(59_999);
  expect(await memory.recall("s1", "alice")).toEqual(SLOW);
  await clock.advance(1);
  expect(await memory.recall("s1", "alice")).toBeUndefined();
});

it("keeps what is young when it drops what is old", async () => {
  const { clock, memory } = setup();
  memory.remember("s1", "alice", SLOW);
  await clock.advance(30_000);
  memory.remember("s2", "alice", SLOW);
  await clock.advance(30_000);
  memory.remember("s3", "alice", SLOW);

  expect(await Promise.all(["s1", "s2", "s3"].map((id) => memory.recall(id, "alice")))).toEqual([
    undefined,
    SLOW,
    SLOW,
  ]);
});

it("remembers the last 10,000 of a storm", async () => {
  const { memory } = setup();
  for (let index = 0; index < 10_005; index += 1) {
    memory.remember(`s${index}`, "alice", SLOW);
  }

  expect(await Promise.all([4, 5, 10_004].map((index) => memory.recall(`s${index}`, "alice")))).toEqual([
    undefined,
    SLOW,
    SLOW,
  ]);
});

it("asks where all nodes can look for what it does not know itself, and tells it there", async () => {
  const clock = new TestClock({ isFrozen: true });
  const shared = new Map<string, string>();
  const sharedMemory = {
    set: (key: string, value: string) => void shared.set(key, value),
    get: async (key: string) => shared.get(key),
  };
  new DisconnectMemory(60_000, clock, sharedMemory).remember("s1", "alice", SLOW);
  const elsewhere = new DisconnectMemory(60_000, clock, sharedMemory);

  expect(await elsewhere.recall("s1", "alice")).toEqual(SLOW);
  expect(await elsewhere.recall("s1", "mallory")).toBeUndefined();
  expect(await elsewhere.recall("s2", "alice")).toBeUndefined();
});
