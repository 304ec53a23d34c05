import type { RoomEmitter } from "../../../src/broadcast/room-emitter";
import { TypingTracker } from "../../../src/presence/typing-tracker";
import { TestClock } from "../../../src/testing/test-clock";
import { userOf } from "../../support/suites/presence-store-suite";

const ALICE = userOf("alice", "Alice");
const BOB = userOf("bob", "Bob");

function setup() {
  const clock = new TestClock({ isFrozen: true });
  const emitted: unknown[][] = [];
  const emitter: Pick<RoomEmitter, "emit"> = { emit: (...args) => emitted.push(args) };
  const tracker = new TypingTracker({ emitter, config: { expiryMs: 6_000, repeatMs: 3_000 }, clock });
  /** What was told since the last call: who types (`+`) or does not (`-`), and where. */
  const told = () =>
    emitted.splice(0).map(([room, , payload]) => {
      const { userId, isTyping } = payload as { userId: string; isTyping: boolean };
      return `${isTyping ? "+" : "-"}${userId} ${room}`;
    });
  return { clock, emitted, tracker, told };
}

it("tells the others in the room: that somebody types may be lost, that it ended may not", () => {
  const { emitted, tracker } = setup();
  tracker.typing("general", ALICE, true);
  tracker.typing("general", ALICE, false);

  const payload = { room: "general", userId: "alice", username: "Alice" };
  expect(emitted).toEqual([
    ["general", "typing", { ...payload, isTyping: true }, { exceptUser: "alice", isVolatile: true }],
    ["general", "typing", { ...payload, isTyping: false }, { exceptUser: "alice", isVolatile: false }],
  ]);
});

it("forwards that somebody types at most once in three seconds", async () => {
  const { clock, tracker, told } = setup();
  tracker.typing("general", ALICE, true);
  expect(told()).toEqual(["+alice general"]);

  await clock.advance(1_500);
  tracker.typing("general", ALICE, true);
  await clock.advance(1_499);
  tracker.typing("general", ALICE, true);
  expect(told()).toEqual([]);

  // Since the last that was told, not since the last that came.
  await clock.advance(1);
  tracker.typing("general", ALICE, true);
  expect(told()).toEqual(["+alice general"]);
});

it("forwards always that somebody has stopped, and the next beginning at once", () => {
  const { tracker, told } = setup();
  tracker.typing("general", ALICE, false);
  tracker.typing("general", ALICE, true);
  tracker.typing("general", ALICE, false);
  tracker.typing("general", ALICE, true);

  expect(told()).toEqual(["-alice general", "+alice general", "-alice general", "+alice general"]);
});

it("ends it after six seconds without a word, once", async () => {
  const { clock, tracker, told } = setup();
  tracker.typing("general", ALICE, true);
  told();

  await clock.advance(5_999);
  expect(told()).toEqual([]);
  await clock.advance(1);
  expect(told()).toEqual(["-alice general"]);
  await clock.advance(60_000);
  expect(told()).toEqual([]);
});

it("counts the six seconds from the last word, also from one that was not forwarded", async () => {
  const { clock, tracker, told } = setup();
  tracker.typing("general", ALICE, true);
  await clock.advance(2_000);
  tracker.typing("general", ALICE, true);
  told();

  await clock.advance(5_999);
  expect(told()).toEqual([]);
  await clock.advance(1);
  expect(told()).toEqual(["-alice general"]);
});

it("does not end again by itself what the user has ended", async () => {
  const { clock, tracker, told } = setup();
  tracker.typing("general", ALICE, true);
  tracker.typing("general", ALICE, false);
  told();

  await clock.advance(60_000);
  expect(told()).toEqual([]);
});

it("follows each user in each room for itself", async () => {
  const { clock, tracker, told } = setup();
  tracker.typing("general", ALICE, true);
  tracker.typing("random", ALICE, true);
  await clock.advance(1_000);
  tracker.typing("general", BOB, true);
  tracker.typing("random", ALICE, false);
  expect(told()).toEqual(["+alice general", "+alice random", "+bob general", "-alice random"]);

  await clock.advance(5_000);
  expect(told()).toEqual(["-alice general"]);
  await clock.advance(1_000);
  expect(told()).toEqual(["-bob general"]);
});

it("ends the typing of who leaves the room, once and in that room", async () => {
  const { clock, tracker, told } = setup();
  tracker.typing("general", ALICE, true);
  tracker.typing("random", ALICE, true);
  told();

  tracker.stopTyping("general", "alice");
  expect(told()).toEqual(["-alice general"]);
  tracker.stopTyping("general", "alice");
  expect(told()).toEqual([]);
  await clock.advance(6_000);
  expect(told()).toEqual(["-alice random"]);
});

it("says nothing of who leaves and was not typing", () => {
  const { tracker, told } = setup();
  tracker.stopTyping("general", "alice");

  expect(told()).toEqual([]);
});

it("ends nothing by itself any more after it was stopped", async () => {
  const { clock, tracker, told } = setup();
  tracker.typing("general", ALICE, true);
  told();
  tracker.stop();

  await clock.advance(60_000);
  expect(told()).toEqual([]);
});
