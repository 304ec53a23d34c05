import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { RoomfulError } from "../../../src/contract/roomful-error";
import type { RoomfulSocket } from "../../../src/contract/socket-data";
import { type EventHandler, toListener } from "../../../src/handlers/to-listener";

const SOCKET = { id: "s1" } as RoomfulSocket;

function setup<Data>(handler: EventHandler<{ room: string }, Data>) {
  const answered: { error: unknown; seconds: number }[] = [];
  const replies: unknown[] = [];
  const listener = toListener(handler, (error, seconds) => {
    answered.push({ error, seconds });
  }).bind(SOCKET);
  return { answered, replies, listener, ack: (reply: unknown) => replies.push(reply) };
}

const PAYLOAD = { room: "general" };

it("answers what the handler returns", async () => {
  const seen: unknown[] = [];
  const { ack, answered, listener, replies } = setup((payload, socket) => {
    seen.push(payload, socket);
    return { count: 2 };
  });

  await listener(PAYLOAD, ack);

  expect(seen).toEqual([PAYLOAD, SOCKET]);
  expect(replies).toEqual([{ ok: true, data: { count: 2 } }]);
  expect(answered).toEqual([{ error: undefined, seconds: expect.any(Number) }]);
});

it("answers what the handler resolves to, when it does", async () => {
  let resolve = (_data: string): void => {};
  const { ack, answered, listener, replies } = setup(
    () =>
      new Promise<string>((settle) => {
        resolve = settle;
      }),
  );
  const done = listener(PAYLOAD, ack);
  await new Promise((settle) => setImmediate(settle));
  expect([replies, answered]).toEqual([[], []]);

  resolve("stored");
  await done;
  expect(replies).toEqual([{ ok: true, data: "stored" }]);
});

describe.each([
  [
    "throws",
    (error: unknown) => () => {
      throw error;
    },
  ],
  ["rejects", (error: unknown) => () => Promise.reject(error)],
])("when the handler %s", (_how, failWith) => {
  it("answers a refusal, and reports it", async () => {
    const error = new RoomfulError("NOT_IN_ROOM");
    const { ack, answered, listener, replies } = setup(failWith(error));

    await expect(listener(PAYLOAD, ack)).resolves.toBeUndefined();

    expect(replies).toEqual([{ ok: false, error: error.toReply() }]);
    expect(answered).toEqual([{ error, seconds: expect.any(Number) }]);
  });

  it("answers INTERNAL to a bug, and says nothing of it to the client", async () => {
    const bug = new Error("SELECT * FROM messages");
    const { ack, answered, listener, replies } = setup(failWith(bug));

    await listener(PAYLOAD, ack);

    expect(replies).toMatchObject([{ ok: false, error: { code: "INTERNAL", retryable: true } }]);
    expect(JSON.stringify(replies)).not.toContain("SELECT");
    expect(answered).toMatchObject([{ error: bug }]);
  });
});

it("says how long it took", async () => {
  const { answered, listener } = setup(() => new Promise((resolve) => setTimeout(resolve, 20)));

  await listener(PAYLOAD);

  // Node's timers may come a millisecond early.
  expect(answered[0]?.seconds).toBeGreaterThan(0.018);
});

it.each([
  ["nothing", []],
  ["a text", ["ack"]],
  ["null", [null]],
  ["an object", [{}]],
])("survives a packet that has %s in the acknowledgement's place, whatever the handler does", async (_what, rest) => {
  const { answered, listener } = setup(() => null);
  const failing = setup(() => Promise.reject(new RoomfulError("NOT_IN_ROOM")));

  await expect(listener(PAYLOAD, ...rest)).resolves.toBeUndefined();
  await expect(failing.listener(PAYLOAD, ...rest)).resolves.toBeUndefined();

  expect([answered.length, failing.answered.length]).toEqual([1, 1]);
});

it("reports before it answers: who was answered is counted", async () => {
  const order: string[] = [];
  const listener = toListener(
    () => null,
    () => {
      order.push("reported");
    },
  ).bind(SOCKET);

  await listener(PAYLOAD, () => order.push("answered"));

  expect(order).toEqual(["reported", "answered"]);
});

it("holds no payload while it waits for the answer", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  // Held here, as the write buffer does: what nobody can settle any more would be collected with all that waits for it.
  const stored = new Promise<void>(() => {});
  const { ack, listener } = setup(() => stored);
  const begin = (...acknowledgement: unknown[]): WeakRef<object> => {
    const payload = { room: "general", content: "x" };
    void listener(payload, ...acknowledgement);
    return new WeakRef(payload);
  };
  const payloads = [begin(ack), begin()];
  // A reference that was just made is kept to the end of this turn.
  await new Promise((settle) => setImmediate(settle));
  collectGarbage();

  expect(payloads.map((payload) => payload.deref())).toEqual([undefined, undefined]);
  expect(stored).toBeDefined();
});
