import { WebSocket } from "ws";

import type { EnginePacket } from "../../../src/broadcast/engine-connection";
import { FrameJoiner } from "../../../src/broadcast/frame-joiner";

/** What socket.io-adapter takes from ws for broadcasts; its types do not know it. */
const { Sender } = WebSocket as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } };

/** ws' own frame of a text, in its two pieces. */
function frameOf(text: string): Buffer[] {
  return Sender.frame(Buffer.from(text), { readOnly: false, mask: false, rsv1: false, opcode: 1, fin: true });
}

function broadcast(text: string): EnginePacket {
  return { type: "message", data: text, options: { wsPreEncodedFrame: frameOf(`4${text}`) } };
}

function emit(text: string): EnginePacket {
  return { type: "message", data: text, options: {} };
}

describe("the bytes", () => {
  // Around each length at which a frame's header changes its form (RFC 6455, 5.2); one digit is Engine.IO's.
  it.each([0, 1, 124, 125, 126, 65_533, 65_534, 65_535, 65_536, 70_000])("are those of ws: %d of text", (length) => {
    const text = "x".repeat(length);

    expect(new FrameJoiner().join([emit(text)])).toEqual(Buffer.concat(frameOf(`4${text}`)));
  });

  it("count characters in UTF-8", () => {
    const text = "张😀é".repeat(40);

    expect(new FrameJoiner().join([emit(text)])).toEqual(Buffer.concat(frameOf(`4${text}`)));
  });

  it("are those of all packets, in their order, broadcasts and others", () => {
    const packets = [broadcast("one"), emit("two"), broadcast("three"), { type: "ping" }];

    expect(new FrameJoiner().join(packets)).toEqual(Buffer.concat(["4one", "4two", "4three", "2"].flatMap(frameOf)));
  });
});

describe("sharing", () => {
  it("gives the same buffer to connections with the same broadcasts in the same order", () => {
    const [one, two] = [broadcast("one"), broadcast("two")];
    const joiner = new FrameJoiner();
    const joined = joiner.join([one, two]);

    expect(joiner.join([{ ...one }, { ...two }])).toBe(joined);
  });

  it("keeps apart what differs in order, in length, or in a packet of its own", () => {
    const [one, two] = [broadcast("one"), broadcast("two")];
    const joiner = new FrameJoiner();
    const all = [[one, two], [two, one], [two], [one], [emit("ack"), one, two], [one, emit("ack"), two]];
    const joined = all.map((packets) => String(joiner.join(packets)));

    expect(joined).toEqual(
      all.map((packets) => String(Buffer.concat(packets.flatMap(({ data }) => frameOf(`4${String(data)}`))))),
    );
  });

  it("does not mix up connections that have packets of their own", () => {
    const one = broadcast("one");
    const joiner = new FrameJoiner();
    const texts = Array.from({ length: 40 }, (_, index) => String(joiner.join([emit(`ack ${index}`), one])));

    expect(new Set(texts).size).toBe(40);
  });

  it("is right for more different sequences than it keeps", () => {
    const last = broadcast("last");
    const firsts = Array.from({ length: 40 }, (_, index) => broadcast(`first ${index}`));
    const joiner = new FrameJoiner();
    for (let round = 0; round < 2; round += 1) {
      const texts = firsts.map((first) => String(joiner.join([first, last])));
      expect(texts).toEqual(firsts.map(({ data }) => String(Buffer.concat([`4${data}`, "4last"].flatMap(frameOf)))));
    }
  });

  it("ends when it is told to forget", () => {
    const one = broadcast("one");
    const joiner = new FrameJoiner();
    const joined = joiner.join([one]);
    joiner.forget();

    expect(joiner.join([one])).not.toBe(joined);
  });
});

it("leaves packets of bytes alone, and what is sent together with them", () => {
  const bytes = { type: "message", data: Buffer.from("bytes"), options: {} };

  expect(new FrameJoiner().join([bytes])).toBeUndefined();
  expect(new FrameJoiner().join([broadcast("one"), bytes])).toBeUndefined();
});
