import { type Ack, acknowledge } from "../../../src/contract/acknowledgement";

const REPLY: Ack = { ok: true, data: null };

function setup() {
  const replies: unknown[][] = [];
  return { replies, ack: (...args: unknown[]) => replies.push(args) };
}

it("hands the reply to the last argument, once and alone", () => {
  const { replies, ack } = setup();

  acknowledge([{ room: "general" }, ack], REPLY);

  expect(replies).toEqual([[REPLY]]);
});

it("answers a packet without a payload", () => {
  const { replies, ack } = setup();

  acknowledge([ack], REPLY);

  expect(replies).toEqual([[REPLY]]);
});

it.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "ack"],
  ["a number", 7],
  ["an object with a call method", { call: () => {} }],
  ["an array", [() => {}]],
  ["true", true],
])("answers nobody when %s stands in the acknowledgement's place", (_what, inItsPlace) => {
  expect(() => acknowledge([{ room: "general" }, inItsPlace], REPLY)).not.toThrow();
});

it("answers nobody when there are no arguments", () => {
  expect(() => acknowledge([], REPLY)).not.toThrow();
});

it("does not call a function that is not the last argument", () => {
  const { replies, ack } = setup();

  acknowledge([ack, "text"], REPLY);

  expect(replies).toEqual([]);
});
