import type { JsonObject } from "../../../src/contract/json-value";
import type { Payload } from "../../../src/contract/payload-schemas";
import {
  admittedMessageOf,
  liveMessageOf,
  MESSAGE_TRAITS,
  messageBodyOf,
} from "../../../src/handlers/admitted-message";

const ID = "0190f1f0-0000-7000-8000-000000000001";
const ALICE = { userId: "alice", username: "Alice", color: "#3b7dd8" };
const CREATED_AT = new Date("2026-01-02T03:04:05.678Z");
const FULL = { replyTo: 7, mentions: ["bob"], metadata: { color: "red" } };

interface MessageOptions extends Partial<Payload<"message">> {
  id?: string;
  namespace?: string;
  sender?: typeof ALICE;
  createdAt?: Date;
}

function messageOf({ namespace = "/", sender = ALICE, createdAt = CREATED_AT, ...payload }: MessageOptions = {}) {
  const whole = { room: "general", content: "hi", type: "text", id: ID, ...payload };
  return admittedMessageOf(namespace, whole, sender, createdAt);
}

const fingerprintOf = (options?: MessageOptions) => messageOf(options).fingerprint;

describe("a message", () => {
  it("is what its sender said, with who and when; it is not shown yet", () => {
    expect(messageOf(FULL)).toEqual({
      ...{ namespace: "/", room: "general", id: ID, type: "text", content: "hi", createdAt: CREATED_AT },
      ...ALICE,
      ...FULL,
      isShown: false,
      fingerprint: expect.any(String),
    });
  });

  it("has null for what was not said", () => {
    expect(messageOf()).toMatchObject({ replyTo: null, mentions: null, metadata: null });
  });

  it("takes of its sender what others see, and no more", () => {
    const claims = { ...ALICE, maySend: true, expiresAt: 1, rooms: undefined, namespaces: undefined };

    expect(Object.keys(messageOf({ sender: claims })).toSorted()).toEqual(Object.keys(messageOf()).toSorted());
  });
});

describe("the fingerprint", () => {
  it("is the same for the same content, whoever sends it, whenever and under whatever id", () => {
    const other = {
      sender: { userId: "bob", username: "Bob", color: "#c0392b" },
      createdAt: new Date(0),
      id: "0190f1f0-0000-7000-8000-000000000002",
    };

    expect(fingerprintOf({ ...FULL, ...other })).toBe(fingerprintOf(FULL));
  });

  it.each<[string, JsonObject, JsonObject]>([
    ["keys", { a: 1, b: 2 }, { b: 2, a: 1 }],
    ["keys of inner objects", { a: { x: 1, y: [1, { p: 1, q: 2 }] } }, { a: { y: [1, { q: 2, p: 1 }], x: 1 } }],
    ["keys that look like numbers among others", { b: 1, "10": 2, "9": 3 }, { "9": 3, b: 1, "10": 2 }],
  ])("is the same for metadata with another order of %s", (_what, one, other) => {
    expect(fingerprintOf({ metadata: other })).toBe(fingerprintOf({ metadata: one }));
  });

  it.each<[string, MessageOptions]>([
    ["content", { content: "hi " }],
    ["namespace", { namespace: "/support" }],
    ["room", { room: "random" }],
    ["type", { type: "note" }],
    ["replyTo", { replyTo: 8 }],
    ["no replyTo", { replyTo: undefined } as unknown as MessageOptions],
    ["mentions", { mentions: ["carol"] }],
    ["more mentions", { mentions: ["bob", "carol"] }],
    ["an empty list of mentions", { mentions: [] }],
    ["no mentions", { mentions: undefined } as unknown as MessageOptions],
    ["metadata", { metadata: { color: "blue" } }],
    ["a key of the metadata", { metadata: { colour: "red" } }],
    ["empty metadata", { metadata: {} }],
    ["no metadata", { metadata: undefined } as unknown as MessageOptions],
  ])("is another one for another: %s", (_what, change) => {
    expect(fingerprintOf({ ...FULL, ...change })).not.toBe(fingerprintOf(FULL));
  });

  it("is another one for mentions in another order", () => {
    expect(fingerprintOf({ mentions: ["bob", "carol"] })).not.toBe(fingerprintOf({ mentions: ["carol", "bob"] }));
  });

  it.each<[string, JsonObject, JsonObject]>([
    ["a number and its text", { a: 1 }, { a: "1" }],
    ["null and nothing", { a: null }, {}],
    ["lists in another order", { a: [1, 2] }, { a: [2, 1] }],
    ["a list and its only member", { a: [1] }, { a: 1 }],
    ["a key and the value of another", { a: "b", c: "d" }, { a: "c", b: "d" }],
    ["nesting", { a: { b: 1 } }, { a: 1, b: 1 }],
  ])("tells apart in metadata: %s", (_what, one, other) => {
    expect(fingerprintOf({ metadata: one })).not.toBe(fingerprintOf({ metadata: other }));
  });

  it("does not take the end of one part for the beginning of the next", () => {
    expect(fingerprintOf({ type: "a", content: "b" })).not.toBe(fingerprintOf({ type: "ab", content: "" }));
    expect(fingerprintOf({ type: "a", content: '","b' })).not.toBe(fingerprintOf({ type: 'a","', content: "b" }));
  });
});

describe("what the write buffer knows of a message", () => {
  const { keyOf, groupOf, fingerprintOf: known, bytesOf } = MESSAGE_TRAITS;

  it("is a key of its sender and id, over all rooms and namespaces", () => {
    expect(keyOf(messageOf({ room: "random", namespace: "/support" }))).toBe(keyOf(messageOf()));
    expect(keyOf(messageOf({ sender: { ...ALICE, userId: "bob" } }))).not.toBe(keyOf(messageOf()));
    expect(keyOf(messageOf({ id: "0190f1f0-0000-7000-8000-000000000002" }))).not.toBe(keyOf(messageOf()));
  });

  it("is a group of its namespace and room, in which the order counts", () => {
    expect(groupOf(messageOf({ content: "other" }))).toBe(groupOf(messageOf()));
    expect(groupOf(messageOf({ room: "random" }))).not.toBe(groupOf(messageOf()));
    expect(groupOf(messageOf({ namespace: "/support" }))).not.toBe(groupOf(messageOf()));
  });

  it("is its fingerprint", () => {
    expect(known(messageOf(FULL))).toBe(fingerprintOf(FULL));
  });

  it("is a size that grows with all that a sender can make long, two bytes a character", () => {
    const bytes = bytesOf(messageOf());

    expect(bytesOf(messageOf({ content: "hi".repeat(501) })) - bytes).toBe(2_000);
    expect(bytesOf(messageOf({ mentions: ["x".repeat(100)] })) - bytes).toBeGreaterThanOrEqual(200);
    expect(bytesOf(messageOf({ metadata: { a: "x".repeat(1_000) } })) - bytes).toBeGreaterThanOrEqual(2_000);
    expect(bytes).toBeGreaterThan(100);
  });
});

describe("what the room sees of a message", () => {
  it("is all that was said", () => {
    expect(messageBodyOf(messageOf(FULL))).toStrictEqual({
      ...{ id: ID, room: "general", type: "text", content: "hi", createdAt: "2026-01-02T03:04:05.678Z" },
      ...ALICE,
      ...FULL,
    });
  });

  it("has no word of what was not said, and none of the namespace, the fingerprint or the showing", () => {
    expect(messageBodyOf(messageOf())).toStrictEqual({
      ...{ id: ID, room: "general", type: "text", content: "hi", createdAt: "2026-01-02T03:04:05.678Z" },
      ...ALICE,
    });
  });

  it("keeps what was said and is empty", () => {
    expect(messageBodyOf(messageOf({ mentions: [], metadata: {} }))).toMatchObject({ mentions: [], metadata: {} });
  });

  it("carries the tip when it is live, and the numbers of earlier messages where there are some", () => {
    const message = messageOf();
    const stored = { epoch: "e1", runs: [{ from: 3, items: [["bob", ID] as [string, string]] }] };

    expect(liveMessageOf(message, 0, undefined)).toStrictEqual({ ...messageBodyOf(message), tip: 0 });
    expect(liveMessageOf(message, 41, stored)).toStrictEqual({ ...messageBodyOf(message), tip: 41, stored });
  });
});

it.each([
  ["an object and a list of its entries", { x: { a: 1 } }, { x: ["a", 1] }],
  ["an empty object and an empty list", { x: {} }, { x: [] }],
  ["a list in a list and one list", { x: [["a"]] }, { x: ["a"] }],
  ["a mark and what it marks", { x: ["{", "a", 1] }, { x: { a: 1 } }],
])("tells %s apart", (_what, one, other) => {
  expect(fingerprintOf({ metadata: one as JsonObject })).not.toBe(fingerprintOf({ metadata: other as JsonObject }));
});
