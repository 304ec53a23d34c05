import type { AdmittedMessage } from "../../../src/handlers/admitted-message";
import { createBatchAppender } from "../../../src/handlers/append-batch";
import type { AppendResult } from "../../../src/repositories/message-repository";
import { RoomLogs } from "../../../src/room-log/room-logs";
import { TestClock } from "../../../src/testing/test-clock";
import { newMessage } from "../../support/new-message";

const CREATED_AT = new Date("2026-01-01T00:00:00.000Z");

/** A room that this node has followed up to number 5; what an append of one message is answered. */
function setup(result: Partial<AppendResult> | null, whileAppending: (logs: RoomLogs) => void = () => {}) {
  const clock = new TestClock({ isFrozen: true });
  const logs = new RoomLogs({
    config: { ringMessages: 16, ringBytes: 1_000 },
    clock,
    waitingIn: () => [],
    onDoubt: () => {},
  });
  logs.retain("/", "general").learn({ epoch: "e1", lastSeq: 5, delivery: null });
  const contradictions: string[] = [];
  const append = createBatchAppender({
    messages: {
      async appendToFreeRooms(messages) {
        whileAppending(logs);
        const stored: AppendResult = { status: "stored", seq: 6, createdAt: CREATED_AT, epoch: "e1" };
        return messages.map(() => result && { ...stored, ...result });
      },
    },
    logs,
    onContradiction: (namespace, room) => contradictions.push(`${namespace} ${room}`),
  });
  const message = newMessage({ room: "general", createdAt: CREATED_AT }) as AdmittedMessage;
  return { append, contradictions, message };
}

it.each<[string, Partial<AppendResult>, boolean]>([
  ["the next one", {}, false],
  ["a later one: other nodes append too", { seq: 60 }, false],
  ["one that was given before", { seq: 5 }, true],
  ["one below", { seq: 2 }, true],
  ["one of another epoch", { seq: 60, epoch: "e2" }, true],
  ["the first one of a repeat", { status: "duplicate", seq: 3 }, false],
  ["none, for a message that is refused", { status: "rejected", seq: 0 }, false],
  ["that of a conflict in another room", { status: "conflict", seq: 3, epoch: "e9" }, false],
])("judges the number that a message is given: %s", async (_name, result, isContradiction) => {
  const { append, contradictions, message } = setup(result);

  await append([message, message], false, true);

  expect(contradictions).toEqual(isContradiction ? ["/ general"] : []);
});

it("passes on that somebody else holds the room", async () => {
  const { append, contradictions, message } = setup(null);

  expect(await append([message], false, false)).toEqual([null]);
  expect(contradictions).toEqual([]);
});

it("takes no number for a contradiction that another node's later one has overtaken", async () => {
  const { append, contradictions, message } = setup({}, (logs) =>
    logs.observe("/", "stored", { room: "general", epoch: "e1", runs: [{ from: 7, items: [["bob", "b"]] }] }),
  );

  await append([message], false, true);

  expect(contradictions).toEqual([]);
});

it("counts what an unanswered attempt of the same batch has stored as stored", async () => {
  const { append, contradictions, message } = setup({ status: "duplicate", seq: 4 });

  expect(await append([message], true, true)).toMatchObject([{ status: "stored", seq: 4 }]);
  expect(await append([message], false, true)).toMatchObject([{ status: "duplicate", seq: 4 }]);
  expect(contradictions).toEqual([]);
});
