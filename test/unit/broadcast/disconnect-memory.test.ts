import { DisconnectMemory } from "../../../src/broadcast/disconnect-memory";
import { RoomfulError } from "../../../src/contract/roomful-error";
import { TestClock } from "../../../src/testing/test-clock";

const SLOW = new RoomfulError("SLOW_CONSUMER").toReply();
const EXPIRED = new RoomfulError("TOKEN_EXPIRED").toReply();

function setup() {
  const clock = new TestClock({ isFrozen: true });
  return { clock, memory: new DisconnectMemory(60_000, clock) };
}

it("answers why a socket was cut, as often as its user asks", () => {
  const { memory } = setup();
  memory.remember("s1", "alice", SLOW);
  memory.remember("s2", "alice", EXPIRED);

  expect([memory.recall("s1", "alice"), memory.recall("s2", "alice"), memory.recall("s1", "alice")]).toEqual([
    ...[SLOW, EXPIRED, SLOW],
  ]);
});

it("knows nothing of other sockets", () => {
  const { memory } = setup();
  memory.remember("s1", "alice", SLOW);

  expect(memory.recall("s2", "alice")).toBeUndefined();
});

it("answers nobody but the same user", () => {
  const { memory } = setup();
  memory.remember("s1", "alice", SLOW);

  expect(memory.recall("s1", "mallory")).toBeUndefined();
  expect(memory.recall("s1", "alice")).toEqual(SLOW);
});

it("forgets after its time", async () => {
  const { clock, memory } = setup();
  memory.remember("s1", "alice", SLOW);

  await clock.advance(59_999);
  expect(memory.recall("s1", "alice")).toEqual(SLOW);
  await clock.advance(1);
  expect(memory.recall("s1", "alice")).toBeUndefined();
});

it("keeps what is young when it drops what is old", async () => {
  const { clock, memory } = setup();
  memory.remember("s1", "alice", SLOW);
  await clock.advance(30_000);
  memory.remember("s2", "alice", SLOW);
  await clock.advance(30_000);
  memory.remember("s3", "alice", SLOW);

  expect(["s1", "s2", "s3"].map((id) => memory.recall(id, "alice"))).toEqual([undefined, SLOW, SLOW]);
});

it("remembers the last 10,000 of a storm", () => {
  const { memory } = setup();
  for (let index = 0; index < 10_005; index += 1) {
    memory.remember(`s${index}`, "alice", SLOW);
  }

  expect([4, 5, 10_004].map((index) => memory.recall(`s${index}`, "alice"))).toEqual([undefined, SLOW, SLOW]);
});
