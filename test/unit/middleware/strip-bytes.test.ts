import { type IncomingPacket, stripBytes } from "../../../src/middleware/strip-bytes";

function stripped(data: unknown, type = "message"): IncomingPacket {
  const packet = { type, data };
  stripBytes(packet);
  return packet;
}

it.each([
  ["an event", `51-["message",{"_placeholder":true,"num":0}]`, `2["message",null]`],
  ["one with an acknowledgement", `51-7["message",{"metadata":{"_placeholder":true,"num":0}}]`, `27["message",null]`],
  ["one of a namespace", `52-/support,12["message",{}]`, `2/support,12["message",null]`],
  ["a name in quotes of its own", `51-["a\\"]b",{}]`, `2["a\\"]b",null]`],
  ["a number for a name", `51-3[7,{}]`, `23[7,null]`],
  ["a payload over lines", `51-1[ "message",{"content":"a\nb"}]`, `21["message",null]`],
])("makes %s with attachments one without a payload", (_what, data, expected) => {
  expect(stripped(data)).toEqual({ type: "message", data: expected });
});

it.each([
  ["bytes", Buffer.alloc(3)],
  ["an acknowledgement with bytes", `61-3[{"_placeholder":true,"num":0}]`],
])("drops %s", (_what, data) => {
  expect(stripped(data).type).toBe("noop");
});

it.each([
  ["an event", `21["message",{"content":"51-"}]`],
  ["a handshake", `0{"token":"t"}`],
  ["what Socket.IO cannot read", `5["message"]`],
  ["nothing", ""],
])("leaves %s as it is", (_what, data) => {
  expect(stripped(data)).toEqual({ type: "message", data });
});

it("leaves Engine.IO's own packets as they are", () => {
  expect(stripped(undefined, "pong")).toEqual({ type: "pong", data: undefined });
});

it("takes no longer for a name that does not end", () => {
  const data = `51-["${"\\".repeat(64_001)}`;

  expect(stripped(data)).toEqual({ type: "message", data });
});
