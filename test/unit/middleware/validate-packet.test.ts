import { createPayloadSchemas } from "../../../src/contract/payload-schemas";
import { RoomfulError } from "../../../src/contract/roomful-error";
import type { RoomfulSocket } from "../../../src/contract/socket-data";
import { validatePacket } from "../../../src/middleware/validate-packet";

type Packet = [event: string, ...args: unknown[]];

const check = validatePacket(
  createPayloadSchemas({ maxFrameBytes: 65_536, maxContentBytes: 20, maxMetadataBytes: 40, maxJsonDepth: 2 }),
);

/** No check looks at the socket here. */
const SOCKET = {} as RoomfulSocket;

function refusalOf(...packet: unknown[]): RoomfulError {
  try {
    check(packet as Packet, SOCKET);
  } catch (error) {
    if (error instanceof RoomfulError) {
      return error;
    }
    throw error;
  }
  throw new Error("the packet was not refused");
}

describe("a packet of the contract", () => {
  it("gets the payload that its schema made, with the defaults", () => {
    const ack = () => {};
    const packet: Packet = ["join", { room: "general" }, ack];

    check(packet, SOCKET);

    expect(packet).toEqual(["join", { room: "general", limit: 50 }, ack]);
  });

  it.each([
    ["leave", { room: "general" }],
    ["message", { room: "general", content: "hi" }],
    ["typing", { room: "general", isTyping: false }],
    ["history", { room: "general" }],
    ["presence", { room: "general" }],
    ["rooms", {}],
    ["refresh_token", { token: "x" }],
  ])("passes: %s", (event, payload) => {
    expect(() => check([event, payload], SOCKET)).not.toThrow();
  });
});

describe("an unknown event", () => {
  it.each(["", "jion", "Join", "join ", "welcome", "stored", "disconnect"])("is refused: %j", (event) => {
    expect(refusalOf(event, { room: "general" }).code).toBe("EVENT_UNKNOWN");
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"])(
    "is refused though every object has a member of its name: %s",
    (event) => {
      expect(refusalOf(event, {}).code).toBe("EVENT_UNKNOWN");
    },
  );

  it.each([7, 0, null, undefined, true, ["join"], { event: "join" }])("is refused when its name is %j", (event) => {
    expect(refusalOf(event, { room: "general" }).code).toBe("EVENT_UNKNOWN");
  });
});

describe("a payload that does not fit", () => {
  it.each([
    ["is absent", undefined],
    ["is null", null],
    ["is a text", "general"],
    ["is a list", [{ room: "general" }]],
    ["is the acknowledgement", () => {}],
  ])("is refused when it %s", (_what, payload) => {
    const { code, details } = refusalOf("join", payload);

    expect([code, details]).toEqual(["PAYLOAD_INVALID", [{ path: "", problem: "is not an object" }]]);
  });

  it("leaves the packet as it was", () => {
    const packet: Packet = ["join", { room: "general", limit: 0 }];

    expect(() => check(packet, SOCKET)).toThrow(RoomfulError);
    expect(packet).toEqual(["join", { room: "general", limit: 0 }]);
  });

  it.each([
    ["join", { room: 7 }, "room", "is not a string"],
    ["join", {}, "room", "is not a string"],
    ["join", { room: "a room" }, "room", "is not a room name"],
    ["join", { room: "general", limit: 0 }, "limit", "is below 1"],
    ["join", { room: "general", limit: 201 }, "limit", "is above 200"],
    ["join", { room: "general", after: -1 }, "after", "is below 0"],
    ["join", { room: "general", after: 1.5 }, "after", "is not an int"],
    ["join", { room: "general", hidden: 1 }, "", "has unknown keys"],
    ["typing", { room: "general", isTyping: "yes" }, "isTyping", "is not a boolean"],
    ["message", { room: "general", content: "a\0" }, "content", "holds NUL or a lone surrogate"],
    ["message", { room: "general", content: "a", type: "system" }, "type", "is the server's own type"],
    ["message", { room: "general", content: "a", id: "7" }, "id", "is not a UUID in lower case"],
    ["message", { room: "general", content: "a", mentions: ["bob", 7] }, "mentions.1", "is not a string"],
    ["message", { room: "general", content: "a", metadata: [] }, "metadata", "is not an object"],
    ["message", { room: "general", content: "a", metadata: { a: { b: {} } } }, "metadata", "is nested too deep"],
    ["history", { room: "general", before: 1, after: 1 }, "", "takes one of before, after and around"],
  ])("is told where it is wrong and why: %s %j", (event, payload, path, problem) => {
    const { code, details } = refusalOf(event, payload);

    expect([code, details]).toEqual(["PAYLOAD_INVALID", [{ path, problem }]]);
  });

  it.each([
    ["content", { room: "general", content: "x".repeat(21) }],
    ["content in bytes of UTF-8", { room: "general", content: "张".repeat(7) }],
    ["metadata", { room: "general", content: "a", metadata: { a: "x".repeat(40) } }],
  ])("is too large when its %s is", (_what, payload) => {
    expect(refusalOf("message", payload).code).toBe("PAYLOAD_TOO_LARGE");
  });

  it("is told all that is wrong, ten things at most", () => {
    expect(refusalOf("join", { room: "", limit: 0 }).details).toHaveLength(2);
    expect(refusalOf("message", { room: "general", content: "a", mentions: Array(30).fill(7) }).details).toHaveLength(
      10,
    );
  });

  it("is too large also when ten other things are wrong before it", () => {
    const payload = { room: "general", content: "a", mentions: Array(30).fill(7), metadata: { a: "x".repeat(40) } };

    expect(refusalOf("message", payload).code).toBe("PAYLOAD_TOO_LARGE");
  });

  it("does not come back, neither its values nor its keys", () => {
    const marked = { room: "se cret", content: 7, "secret-key": "secret", metadata: { secret: "a\0secret" } };

    const reply = JSON.stringify(refusalOf("message", marked).toReply());

    expect(reply).not.toMatch(/secret|se cret/);
  });
});
