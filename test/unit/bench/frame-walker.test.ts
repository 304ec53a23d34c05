import { FrameWalker, PREFIX_BYTES } from "../../../bench/load/frame-walker";

interface SeenFrame {
  opcode: number;
  prefix: string;
  length: number;
}

/** A frame as a server sends it. */
function frame(payload: Buffer, opcode = 1): Buffer {
  const { length } = payload;
  const size =
    length < 126
      ? [length]
      : length <= 0xffff
        ? [126, length >> 8, length & 0xff]
        : [127, 0, 0, 0, 0, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...size]), payload]);
}

function setup(isWanted: (prefix: string) => boolean) {
  const frames: SeenFrame[] = [];
  const payloads: string[] = [];
  const walker = new FrameWalker({
    onFrame(opcode, bytes, at, length) {
      const prefix = bytes.toString("latin1", at, at + Math.min(length, PREFIX_BYTES));
      frames.push({ opcode, prefix, length });
      return isWanted(prefix);
    },
    onPayload: (bytes, start, end) => payloads.push(bytes.toString("latin1", start, end)),
  });
  return { walker, frames, payloads };
}

const TEXTS = [
  "2",
  "",
  '42["message",{"content":"a"}]',
  '430[{"ok":true}]',
  `42["message",{"content":"${"b".repeat(300)}"}]`,
  "3",
];
const BYTES = Buffer.concat([...TEXTS.map((text) => frame(Buffer.from(text))), frame(Buffer.from("beat"), 9)]);
const SEEN = [
  ...TEXTS.map((text) => ({ opcode: 1, prefix: text.slice(0, PREFIX_BYTES), length: text.length })),
  { opcode: 9, prefix: "beat", length: 4 },
];

describe("FrameWalker", () => {
  it.each(Array.from({ length: BYTES.length + 1 }, (_, split) => split))(
    "sees every frame of a stream that comes in two pieces, split at byte %i",
    (split) => {
      const { walker, frames, payloads } = setup((prefix) => prefix.startsWith("43") || prefix === "");

      walker.push(BYTES, 0, split);
      walker.push(BYTES, split, BYTES.length);

      expect(frames).toEqual(SEEN);
      expect(payloads).toEqual(["", '430[{"ok":true}]']);
    },
  );

  it.each([1, 2, 3, 7, 64])(
    "sees every frame of a stream that comes %i bytes at a time, and gives what is wanted",
    (size) => {
      const { walker, frames, payloads } = setup(() => true);

      for (let at = 0; at < BYTES.length; at += size) {
        // In a buffer that is used again, as the sockets do.
        const piece = Buffer.from(BYTES.subarray(at, at + size));
        walker.push(piece, 0, piece.length);
        piece.fill(0);
      }

      expect(frames).toEqual(SEEN);
      expect(payloads).toEqual([...TEXTS, "beat"]);
    },
  );

  it.each([125, 126, 127, 65_535, 65_536, 70_000])("steps over a payload of %i bytes, or gives it whole", (length) => {
    const bytes = Buffer.concat([frame(Buffer.alloc(length, "x")), frame(Buffer.from("next"))]);
    for (const wanted of [false, true]) {
      for (const split of [1, 3, 5, 9, 11, 20, length, bytes.length]) {
        const { walker, frames, payloads } = setup((prefix) => wanted && prefix.startsWith("x"));

        walker.push(bytes, 0, Math.min(split, bytes.length));
        walker.push(bytes, Math.min(split, bytes.length), bytes.length);

        expect(frames.map((each) => each.length)).toEqual([length, 4]);
        expect(payloads.map((each) => each.length)).toEqual(wanted ? [length] : []);
      }
    }
  });

  it("refuses a masked frame, which no server sends", () => {
    const { walker } = setup(() => false);

    expect(() => walker.push(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x32]), 0, 7)).toThrow("masked");
  });
});
