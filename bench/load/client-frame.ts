const TEXT = 0x81;
const PONG = 0x8a;
const MASKED = 0x80;
/** Any key is a legal one; with this one there is nothing to compute here, and as much as ever at the server. */
const MASK_KEY = [0, 0, 0, 0];

/** A text frame as a client sends it. */
export function textFrame(text: string): Buffer {
  return frame(TEXT, Buffer.from(text));
}

export function pongFrame(payload: Buffer): Buffer {
  return frame(PONG, payload);
}

function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length > 0xffff) {
    throw new Error(`no client of ours sends ${length} bytes`);
  }
  const size = length < 126 ? [MASKED | length] : [MASKED | 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([first, ...size, ...MASK_KEY]), payload]);
}
