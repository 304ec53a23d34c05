import { RoomfulError } from "../../../src/contract/roomful-error";
import { admittedMessageOf } from "../../../src/handlers/admitted-message";
import { type MessageOutcomeDeps, rejectionOf, tellOutcome } from "../../../src/handlers/message-outcome";
import type { AppendResult } from "../../../src/repositories/message-repository";

const ID = "0190f1f0-0000-7000-8000-000000000001";
const SENT_AT = new Date("2026-01-02T03:04:05.000Z");
const FIRST_STORED_AT = new Date("2026-01-02T03:04:01.000Z");
const KEY = ["alice", ID];

function setup({ isShown }: { isShown: boolean }) {
  const told: unknown[][] = [];
  const deps: MessageOutcomeDeps = {
    emitter: { emit: (...args) => told.push(["emit", ...args]) },
    announcer: { add: (...args) => told.push(["announce", ...args]) },
    logs: { observe: (...args) => told.push(["observe", ...args]) },
  };
  const message = {
    ...admittedMessageOf(
      "/support",
      { room: "general", content: "hi", type: "text", id: ID },
      { userId: "alice", username: "Alice", color: "#3b7dd8" },
      SENT_AT,
    ),
    isShown,
  };
  return {
    told,
    store: (status: "stored" | "duplicate") =>
      tellOutcome({ item: message, stored: { status, seq: 42, epoch: "e1", createdAt: FIRST_STORED_AT } }, deps),
    reject: (error: RoomfulError) => tellOutcome({ item: message, rejected: error }, deps),
  };
}

describe("a message that was shown", () => {
  const stored = { room: "general", epoch: "e1", runs: [{ from: 42, items: [KEY] }] };

  it.each(["stored", "duplicate"] as const)("gets its number announced, and noted here first hand: %s", (status) => {
    const { store, told } = setup({ isShown: true });
    store(status);

    expect(told).toEqual([
      ["announce", "general", "e1", 42, KEY],
      ["observe", "/support", "stored", stored],
    ]);
  });

  it.each(["IDEMPOTENCY_CONFLICT", "STORAGE_REJECTED"] as const)("is retracted when it is rejected: %s", (code) => {
    const { reject, told } = setup({ isShown: true });
    reject(new RoomfulError(code));

    expect(told).toEqual([["emit", "general", "retracted", { room: "general", userId: "alice", id: ID, code }]]);
  });
});

describe("a message that waited for the commit", () => {
  it("is shown with its number, and the time under which it is stored", () => {
    const { store, told } = setup({ isShown: false });
    store("stored");

    expect(told).toEqual([
      [
        ...["emit", "general", "message"],
        {
          ...{ id: ID, room: "general", type: "text", content: "hi", createdAt: FIRST_STORED_AT.toISOString() },
          ...{ userId: "alice", username: "Alice", color: "#3b7dd8", tip: 42, seq: 42 },
        },
      ],
    ]);
  });

  it("is not shown when it is a duplicate: the room has seen the first", () => {
    const { store, told } = setup({ isShown: false });
    store("duplicate");

    expect(told).toEqual([]);
  });

  it("is not retracted when it is rejected: nobody has seen it", () => {
    const { reject, told } = setup({ isShown: false });
    reject(new RoomfulError("STORAGE_REJECTED"));

    expect(told).toEqual([]);
  });
});

describe("rejectionOf", () => {
  const resultOf = (status: AppendResult["status"]): AppendResult => ({
    ...{ status, seq: 0, epoch: "e1", createdAt: SENT_AT },
  });

  it("finds nothing to reject in what is stored, now or earlier", () => {
    expect(rejectionOf(resultOf("stored"))).toBeUndefined();
    expect(rejectionOf(resultOf("duplicate"))).toBeUndefined();
  });

  it("calls a key with other content a conflict, which no retry mends", () => {
    expect(rejectionOf(resultOf("conflict"))).toMatchObject({ code: "IDEMPOTENCY_CONFLICT", retryable: false });
  });

  it("says what is wrong with an answer to a message that is not there", () => {
    expect(rejectionOf(resultOf("rejected"))).toMatchObject({
      ...{ code: "STORAGE_REJECTED", retryable: false },
      details: [{ path: "replyTo", problem: "is not stored in this room" }],
    });
  });
});
