import type { z } from "zod";

import { TOO_LARGE } from "../../../src/contract/fields";
import { type ClientEvent, createPayloadSchemas, handshakeAuthSchema } from "../../../src/contract/payload-schemas";

const ID = "0190a6b2-7c4e-7d3f-8a21-9b0c1d2e3f40";
const schemas = createPayloadSchemas({
  maxFrameBytes: 65_536,
  maxContentBytes: 20,
  maxMetadataBytes: 30,
  maxJsonDepth: 3,
});

/** The least that each event takes, and what the schema makes of it. */
const LEAST = {
  join: [{ room: "general" }, { room: "general", limit: 50 }],
  leave: [{ room: "general" }, { room: "general" }],
  message: [
    { room: "general", content: "hi" },
    { room: "general", content: "hi", type: "text" },
  ],
  typing: [
    { room: "general", isTyping: false },
    { room: "general", isTyping: false },
  ],
  history: [{ room: "general" }, { room: "general", limit: 50 }],
  presence: [{ room: "general" }, { room: "general" }],
  rooms: [{}, {}],
  refresh_token: [{ token: "t" }, { token: "t" }],
} as const satisfies Record<ClientEvent, readonly [object, object]>;
const EVENTS = Object.keys(LEAST) as ClientEvent[];
const WITH_ROOM = EVENTS.filter((event) => "room" in LEAST[event][0]);

/** What the schema says to the event's least payload with some members more, or others. */
function check(event: ClientEvent, members: object = {}): z.ZodSafeParseResult<unknown> {
  return schemas[event].safeParse({ ...LEAST[event][0], ...members });
}

/** Where the payload is wrong; empty: it is taken. */
function faults(event: ClientEvent, members: object): string[] {
  return check(event, members).error?.issues.map(({ path }) => path.join(".")) ?? [];
}

function isTooLarge({ error }: z.ZodSafeParseResult<unknown>): boolean | undefined {
  return error?.issues.some((issue) => issue.code === "custom" && issue.params === TOO_LARGE);
}

it("has a schema for every event of a client, and no other", () => {
  expect(Object.keys(schemas).toSorted()).toEqual(EVENTS.toSorted());
});

describe.each(EVENTS)("%s", (event) => {
  it("takes what is required, and fills in the defaults", () => {
    expect(schemas[event].parse(LEAST[event][0])).toStrictEqual(LEAST[event][1]);
  });

  it("needs each of its required members", () => {
    for (const name of Object.keys(LEAST[event][0])) {
      expect(faults(event, { [name]: undefined })).toEqual([name]);
      expect(faults(event, { [name]: null })).toEqual([name]);
    }
  });

  it.each(["unknown", "Room", "", "constructor", "toString", "hasOwnProperty"])("refuses the unknown key %j", (key) => {
    const { error } = check(event, { [key]: 1 });

    expect(error?.issues).toMatchObject([{ code: "unrecognized_keys", keys: [key] }]);
  });

  it("refuses the key __proto__, which JSON makes a key of its own", () => {
    const text = JSON.stringify(LEAST[event][0]).replace(/^\{/, '{"__proto__":{"isAdmin":true},').replace(",}", "}");
    const payload: object = JSON.parse(text);
    expect(Object.hasOwn(payload, "__proto__")).toBe(true);

    const { error } = schemas[event].safeParse(payload);

    expect(error?.issues).toMatchObject([{ code: "unrecognized_keys", keys: ["__proto__"] }]);
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "general"],
    ["a number", 1],
    ["an array", []],
    ["an array of the payload", [LEAST[event][0]]],
    ["bytes", Buffer.from("{}")],
    ["a function, where the acknowledgement came first", () => {}],
  ])("refuses %s in the payload's place", (_what, payload) => {
    expect(schemas[event].safeParse(payload).success).toBe(false);
  });
});

describe.each(WITH_ROOM)("the room of %s", (event) => {
  it.each(["a", "7", "general", "team:general", "A.b_c-d:e", "a".repeat(64), "r:general", "constructor"])(
    "may be %j",
    (room) => {
      expect(faults(event, { room })).toEqual([]);
    },
  );

  it.each([
    "",
    "a".repeat(65),
    ".a",
    "_a",
    "-a",
    ":a",
    "__proto__",
    "a b",
    "a/b",
    "a\n",
    "\na",
    "a\0",
    "é",
    "房间",
    "*",
    7,
    true,
    ["general"],
    { toString: () => "general" },
    Buffer.from("general"),
  ])("may not be %j", (room) => {
    expect(faults(event, { room })).toEqual(["room"]);
  });
});

describe.each([
  ["join", "after", 0],
  ["history", "after", 0],
  ["history", "before", 1],
  ["history", "around", 1],
  ["message", "replyTo", 1],
] as const)("%s.%s", (event, name, least) => {
  it.each([least, least + 1, 2 ** 31, Number.MAX_SAFE_INTEGER])("may be %d", (number) => {
    expect(check(event, { [name]: number })).toMatchObject({ success: true, data: { [name]: number } });
  });

  it.each([
    least - 1,
    least + 0.5,
    Number.MAX_SAFE_INTEGER + 1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    "1",
    null,
    true,
    [1],
    {},
  ])("may not be %p", (value) => {
    expect(faults(event, { [name]: value })).toEqual([name]);
  });
});

describe.each(["join", "history"] as const)("%s.limit", (event) => {
  it.each([1, 50, 200])("may be %d", (limit) => {
    expect(check(event, { limit })).toMatchObject({ success: true, data: { limit } });
  });

  it.each([0, -1, 201, 1.5, "50", null, Number.POSITIVE_INFINITY])("may not be %p", (limit) => {
    expect(faults(event, { limit })).toEqual(["limit"]);
  });
});

describe("join.epoch", () => {
  it.each([null, "e", "e".repeat(64)])("may be %p", (epoch) => {
    expect(check("join", { epoch })).toMatchObject({ success: true, data: { epoch } });
  });

  it.each(["", "e".repeat(65), 7, {}])("may not be %p", (epoch) => {
    expect(faults("join", { epoch })).toEqual(["epoch"]);
  });
});

describe("history", () => {
  it.each([
    { before: 2, after: 1 },
    { before: 2, around: 1 },
    { after: 0, around: 1 },
    { before: 3, after: 1, around: 2 },
  ])("takes one direction, not %j", (members) => {
    expect(check("history", members).error?.issues).toMatchObject([
      { message: "takes one of before, after and around" },
    ]);
  });
});

describe("message.content", () => {
  it.each([
    ["one byte", "a"],
    ["as many bytes as are allowed", "a".repeat(20)],
    ["as many bytes, in fewer characters", `${"语".repeat(6)}é`],
    ["spaces, which are not cut", "  a  "],
    ["control characters but NUL", "\u0001\t\r\n\u007f"],
    ["markup, unchanged", "<b>&amp;</b>"],
  ])("may be %s", (_what, content) => {
    expect(check("message", { content })).toMatchObject({ success: true, data: { content } });
  });

  it.each([
    ["one byte more than is allowed", "a".repeat(21)],
    ["one byte more, in few characters", `${"😀".repeat(5)}a`],
  ])("is too large with %s", (_what, content) => {
    const result = check("message", { content });

    expect(result.error?.issues.map(({ path }) => path)).toEqual([["content"]]);
    expect(isTooLarge(result)).toBe(true);
  });

  it.each([
    ["empty", ""],
    ["with NUL", "a\0"],
    ["with a lone surrogate", "a\ud800"],
    ["a number", 1],
    ["an object", { toString: () => "a" }],
    ["bytes", Buffer.from("a")],
  ])("may not be %s, and that is not a matter of size", (_what, content) => {
    const result = check("message", { content });

    expect(result.error?.issues.map(({ path }) => path)).toEqual([["content"]]);
    expect(isTooLarge(result)).toBe(false);
  });
});

describe("message.id", () => {
  it.each([ID, "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"])("may be %s", (id) => {
    expect(check("message", { id })).toMatchObject({ success: true, data: { id } });
  });

  it.each([
    "",
    ID.toUpperCase(),
    ID.slice(1),
    `${ID}0`,
    `${ID}\n`,
    `{${ID}}`,
    ID.replaceAll("-", ""),
    ID.replace("0", "g"),
    null,
    7,
    [ID],
  ])("may not be %j", (id) => {
    expect(faults("message", { id })).toEqual(["id"]);
  });
});

describe("message.type", () => {
  it.each(["text", "a", "a".repeat(32), "game.move_2-x", "systems"])("may be %j", (type) => {
    expect(check("message", { type })).toMatchObject({ success: true, data: { type } });
  });

  it.each(["", "a".repeat(33), "Text", "1a", "_a", "a b", "a:b", "text\n", "é", null, 7])("may not be %j", (type) => {
    expect(faults("message", { type })).toEqual(["type"]);
  });

  it("may not be the server's own", () => {
    expect(faults("message", { type: "system" })).toEqual(["type"]);
  });
});

describe("message.mentions", () => {
  const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `user-${index}`);

  it.each([
    ["none", []],
    ["as many as are allowed", ids(50)],
    ["the longest user id", ["u".repeat(128)]],
    ["a user id of any characters", ["Zoë 佐伊 <z@example.org>"]],
  ])("may be %s", (_what, mentions) => {
    expect(check("message", { mentions })).toMatchObject({ success: true, data: { mentions } });
  });

  it.each([
    ["too many", ids(51), "mentions"],
    ["no array", "alice", "mentions"],
    ["an array-like object", { 0: "alice", length: 1 }, "mentions"],
    ["null", null, "mentions"],
    ["an empty user id", ["alice", ""], "mentions.1"],
    ["a user id that is too long", ["u".repeat(129)], "mentions.0"],
    ["a user id with NUL", ["a\0"], "mentions.0"],
    ["a user id with a lone surrogate", ["\ud800"], "mentions.0"],
    ["a number", [7], "mentions.0"],
  ])("may not be %s", (_what, mentions, path) => {
    expect(faults("message", { mentions })).toEqual([path]);
  });
});

describe("message.metadata", () => {
  // 30 bytes as JSON: 8 around the value.
  const bytes = (count: number) => ({ a: "x".repeat(count - 8) });

  it.each([
    ["empty", {}],
    ["as long as is allowed", bytes(30)],
    ["as long, in fewer characters", { a: `${"语".repeat(7)}a` }],
    ["as deep as is allowed", { a: { b: { c: 1 } } }],
    ["as deep with arrays", { a: [[1]] }],
    ["of every kind of value", { a: [null, true, -1, ""] }],
    ["with keys that objects have anyway", { constructor: 1 }],
  ])("may be %s, and comes out unchanged", (_what, metadata) => {
    const { data } = check("message", { metadata });

    expect((data as { metadata: unknown }).metadata).toStrictEqual(metadata);
  });

  it.each([
    ["one byte more than is allowed", bytes(31)],
    ["one byte more, in few characters", { a: `${"语".repeat(7)}aa` }],
    ["few characters that JSON writes with many", { a: "\u0001".repeat(4) }],
  ])("is too large with %s", (_what, metadata) => {
    const result = check("message", { metadata });

    expect(result.error?.issues).toMatchObject([{ path: ["metadata"], message: "is too long" }]);
    expect(isTooLarge(result)).toBe(true);
  });

  it.each([
    ["null", null, "is not an object"],
    ["an array", [1], "is not an object"],
    ["a text", "{}", "is not an object"],
    ["a number", 1, "is not an object"],
    ["bytes", Buffer.from("{}"), "holds something that is not JSON"],
    ["bytes as a member", { a: Buffer.from("a") }, "holds something that is not JSON"],
    ["deeper than is allowed", { a: { b: { c: {} } } }, "is nested too deep"],
    ["a number that JSON writes as null", { a: JSON.parse("1e400") }, "holds a number that is too large"],
    ["the key __proto__", JSON.parse('{"__proto__":1}'), "holds a key that is not allowed"],
    ["the key __proto__ inside", JSON.parse('{"a":{"__proto__":{}}}'), "holds a key that is not allowed"],
    ["NUL in a text", { a: "\0" }, "holds NUL or a lone surrogate"],
    ["a lone surrogate in a key", { "\ud800": 1 }, "holds a key that is not allowed"],
  ])("may not be %s, and that is not a matter of size", (_what, metadata, message) => {
    const result = check("message", { metadata });

    expect(result.error?.issues).toMatchObject([{ path: ["metadata"], message }]);
    expect(isTooLarge(result)).toBe(false);
  });

  it("is not walked to its end when it is nested without end", () => {
    let metadata: object = {};
    for (let level = 0; level < 100_000; level += 1) {
      metadata = { a: metadata };
    }

    expect(check("message", { metadata }).error?.issues).toMatchObject([{ message: "is nested too deep" }]);
  });
});

describe("typing.isTyping", () => {
  it.each([true, false])("may be %p", (isTyping) => {
    expect(check("typing", { isTyping })).toMatchObject({ success: true, data: { isTyping } });
  });

  it.each([0, 1, "true", "", []])("may not be %p", (isTyping) => {
    expect(faults("typing", { isTyping })).toEqual(["isTyping"]);
  });
});

describe("presence.after", () => {
  it.each(["u", "u".repeat(128), "佐伊"])("may be the user id %j", (after) => {
    expect(check("presence", { after })).toMatchObject({ success: true, data: { after } });
  });

  it.each(["", "u".repeat(129), "a\0", "\udc00", 1, null])("may not be %j", (after) => {
    expect(faults("presence", { after })).toContain("after");
  });
});

describe("rooms.after", () => {
  it("may be the name of a room", () => {
    expect(check("rooms", { after: "general" })).toMatchObject({ success: true, data: { after: "general" } });
  });

  it.each(["", "a".repeat(65), "-a", 1, null])("may not be %j", (after) => {
    expect(faults("rooms", { after })).toEqual(["after"]);
  });
});

describe("refresh_token.token", () => {
  it.each(["", 1, {}, ["t"]])("may not be %j", (token) => {
    expect(faults("refresh_token", { token })).toEqual(["token"]);
  });
});

describe("the handshake's auth", () => {
  const paths = (auth: unknown) => handshakeAuthSchema.safeParse(auth).error?.issues.map(({ path }) => path[0]) ?? [];
  const rooms = (count: number): string[] => Array.from({ length: count }, (_, index) => `room-${index}`);

  it("may be empty: then no room is asked for", () => {
    expect(handshakeAuthSchema.parse({})).toStrictEqual({ rooms: [] });
  });

  it("makes one form of names and of rooms with a place", () => {
    const auth = { rooms: ["a", { room: "b" }, { room: "c", after: 0, epoch: null }, { room: "d", epoch: "e" }] };

    expect(handshakeAuthSchema.parse(auth).rooms).toStrictEqual([
      { room: "a" },
      { room: "b" },
      { room: "c", after: 0, epoch: null },
      { room: "d", epoch: "e" },
    ]);
  });

  it.each([[undefined], [null], [7], [{}], ["t"]])("leaves the token %p to be judged elsewhere", (token) => {
    expect(handshakeAuthSchema.parse({ token })).toHaveProperty("token", token);
  });

  it("takes up to 20 rooms", () => {
    expect(paths({ rooms: rooms(20) })).toEqual([]);
    expect(paths({ rooms: rooms(21) })).toEqual(["rooms"]);
  });

  it("takes up to 64 characters of a socket's id", () => {
    expect(paths({ lastSocketId: "s".repeat(64) })).toEqual([]);
    expect(paths({ lastSocketId: "s".repeat(65) })).toEqual(["lastSocketId"]);
  });

  it.each([
    ["no object", "token", undefined],
    ["an array", [], undefined],
    ["an unknown key", { tokens: "t" }, undefined],
    ["rooms that are no array", { rooms: "general" }, "rooms"],
    ["a name that is none", { rooms: ["general", "*"] }, "rooms"],
    ["a room without a name", { rooms: [{ after: 1 }] }, "rooms"],
    ["a room with an unknown key", { rooms: [{ room: "a", limit: 1 }] }, "rooms"],
    ["a room with a negative place", { rooms: [{ room: "a", after: -1 }] }, "rooms"],
    ["a room that is null", { rooms: [null] }, "rooms"],
    ["a socket's id that is a number", { lastSocketId: 1 }, "lastSocketId"],
  ])("refuses %s", (_what, auth, path) => {
    expect(paths(auth)).toEqual([path]);
  });
});
