import { createOutbox, type Outgoing } from "../../../client/src/outbox";
import type { RoomfulClientError } from "../../../client/src/roomful-client-error";
import type { Ack } from "../../../src/contract/acknowledgement";
import type { MessageAccepted } from "../../../src/contract/events";
import { RoomfulError } from "../../../src/contract/roomful-error";
import { TestClock } from "../../../src/testing/test-clock";

interface Try {
  id: string;
  reply(ack: Ack<MessageAccepted>): void;
}

function setup() {
  const tries: Try[] = [];
  const clock = new TestClock({ isFrozen: true });
  const rejoined: string[] = [];
  const outbox = createOutbox({
    ...{ clock, random: () => 0 },
    transmit: ({ id }, reply) => void tries.push({ id, reply }),
    onStored() {},
    onFailed() {},
    onNotInRoom: (room) => void rejoined.push(room),
  });
  const message = (id: string, room = "a"): Outgoing => ({ room, id, content: id });
  return { tries, clock, outbox, rejoined, message, sent: () => tries.map(({ id }) => id).join(" ") };
}

const stored = (id: string, seq = 1): Ack<MessageAccepted> => ({
  ok: true,
  data: { id, seq, createdAt: "now", duplicate: false },
});
const refused = (...of: ConstructorParameters<typeof RoomfulError>): Ack<MessageAccepted> => ({
  ok: false,
  error: new RoomfulError(...of).toReply(),
});

it("sends when the room is open, 16 at a time over all rooms, one of each in turn", () => {
  const { outbox, message, tries, sent } = setup();
  for (let index = 0; index < 20; index += 1) {
    void outbox.add(message(`a${index}`));
    void outbox.add(message(`b${index}`, "b"));
  }
  expect(tries).toEqual([]);

  outbox.open("a");
  expect(tries).toHaveLength(16);
  outbox.open("b");
  tries[0]?.reply(stored("a0"));
  tries[1]?.reply(stored("a1"));

  expect(sent().split(" ").slice(16)).toEqual(["b0", "a16"]);
});

it("waits after a retryable refusal, and sends again in order what was refused with it", async () => {
  const { outbox, message, tries, clock, sent } = setup();
  for (const id of ["1", "2", "3"]) {
    void outbox.add(message(id));
  }
  outbox.open("a");
  const overloaded = refused("OVERLOADED", { retryAfterMs: 300 });
  tries[0]?.reply(overloaded);
  void outbox.add(message("4"));
  await clock.advance(299);
  expect(sent()).toBe("1 2 3");

  // What was written later is in flight still: it will be refused, and must come behind.
  await clock.advance(1);
  expect(sent()).toBe("1 2 3");
  tries[1]?.reply(overloaded);
  tries[2]?.reply(overloaded);
  await clock.advance(300);

  expect(sent()).toBe("1 2 3 1 2 3 4");
});

it("sends again over the next connection, and takes an answer whenever it comes", async () => {
  const { outbox, message, tries, sent } = setup();
  const sending = outbox.add(message("1"));
  outbox.open("a");
  outbox.close();
  outbox.open("a");
  expect(sent()).toBe("1 1");

  tries[0]?.reply(stored("1", 7));
  tries[1]?.reply(stored("1", 7));

  expect(await sending).toEqual({ id: "1", seq: 7, createdAt: "now" });
});

it("sends again what has no answer after 20 s", async () => {
  const { outbox, message, clock, sent } = setup();
  void outbox.add(message("1"));
  outbox.open("a");

  await clock.advance(20_000);

  expect(sent()).toBe("1 1");
});

it("gives up on a final refusal, and says whether an earlier try may have stored it", async () => {
  const { outbox, message, tries } = setup();
  const errors = ["1", "2"].map((id) => outbox.add(message(id)).catch((error: RoomfulClientError) => error));
  outbox.open("a");
  tries[0]?.reply(refused("PAYLOAD_INVALID"));
  outbox.close();
  outbox.open("a");
  tries[2]?.reply(refused("SEND_FORBIDDEN"));

  expect(await Promise.all(errors)).toMatchObject([
    { code: "PAYLOAD_INVALID", mayBeStored: false },
    { code: "SEND_FORBIDDEN", mayBeStored: true },
  ]);
});

it("asks for the room to be joined when it is not in it, and waits for that", () => {
  const { outbox, message, tries, rejoined, sent } = setup();
  void outbox.add(message("1"));
  outbox.open("a");
  tries[0]?.reply(refused("NOT_IN_ROOM"));
  expect([rejoined, sent()]).toEqual([["a"], "1"]);

  outbox.open("a");

  expect(sent()).toBe("1 1");
});
