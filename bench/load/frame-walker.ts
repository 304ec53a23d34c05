export interface FrameSink {
  /**
   * A frame begins. `bytes` holds its first payload bytes from `at` on: PREFIX_BYTES of them, or all of a shorter one.
   * Answers whether the whole payload is wanted.
   */
  onFrame(opcode: number, bytes: Buffer, at: number, length: number): boolean;
  /** The whole payload of a frame that was wanted; only valid during the call. */
  onPayload(bytes: Buffer, start: number, end: number): void;
}

/** Enough to know one event from another: `42["messa`. */
export const PREFIX_BYTES = 9;
const MAX_HEADER_BYTES = 10;
const UNKNOWN = Number.POSITIVE_INFINITY;

/**
 * Walks the WebSocket frames that a server sends, whatever pieces they come in, by their headers: payloads
 * are stepped over, so that one core counts several 100,000 a second. Knows no fragmented and no compressed messages:
 * neither is negotiated.
 */
export class FrameWalker {
  /** The beginning of a frame whose head has not come whole. */
  private readonly carry = Buffer.alloc(MAX_HEADER_BYTES + PREFIX_BYTES);
  private carried = 0;
  /** Payload bytes of the current frame that are still to come. */
  private remaining = 0;
  /** Where they go, when they are wanted. */
  private wanted: Buffer | undefined;

  constructor(private readonly sink: FrameSink) {}

  /** Takes what was read: `bytes` from `from` up to `to`. Keeps no reference to it. */
  push(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (this.carried > 0) {
      if (this.carried >= headLength(this.carry, 0, this.carried)) {
        const { carried } = this;
        this.carried = 0;
        this.begin(this.carry, 0, carried);
        break;
      }
      if (at === to) {
        return;
      }
      this.carry[this.carried] = bytes[at] as number;
      this.carried += 1;
      at += 1;
    }
    while (at < to) {
      if (this.remaining > 0) {
        at = this.goOn(bytes, at, to);
      } else if (to - at < headLength(bytes, at, to - at)) {
        this.carried = bytes.copy(this.carry, 0, at, to);
        return;
      } else {
        at = this.begin(bytes, at, to);
      }
    }
  }

  /** Reads a head that is there, and as much of the payload as has come. Answers where it stopped. */
  private begin(bytes: Buffer, at: number, to: number): number {
    const header = headerLength(bytes[at + 1] as number);
    const length = payloadLength(bytes, at);
    const start = at + header;
    const end = Math.min(start + length, to);
    const isWanted = this.sink.onFrame((bytes[at] as number) & 0x0f, bytes, start, length);
    this.remaining = length - (end - start);
    if (isWanted && this.remaining > 0) {
      this.wanted = Buffer.allocUnsafe(length);
      bytes.copy(this.wanted, 0, start, end);
    } else if (isWanted) {
      this.sink.onPayload(bytes, start, end);
    }
    return end;
  }

  private goOn(bytes: Buffer, at: number, to: number): number {
    const end = Math.min(at + this.remaining, to);
    const { wanted } = this;
    if (wanted) {
      bytes.copy(wanted, wanted.length - this.remaining, at, end);
    }
    this.remaining -= end - at;
    if (wanted && this.remaining === 0) {
      this.wanted = undefined;
      this.sink.onPayload(wanted, 0, wanted.length);
    }
    return end;
  }
}

/** Bytes of header and prefix that the frame at `at` begins with; not known before its length is. */
function headLength(bytes: Buffer, at: number, available: number): number {
  if (available < 2) {
    return UNKNOWN;
  }
  const header = headerLength(bytes[at + 1] as number);
  return available < header ? UNKNOWN : header + Math.min(payloadLength(bytes, at), PREFIX_BYTES);
}

function headerLength(second: number): number {
  if (second >= 0x80) {
    throw new Error("a server's frame is masked");
  }
  return second < 126 ? 2 : second === 126 ? 4 : 10;
}

function payloadLength(bytes: Buffer, at: number): number {
  const second = bytes[at + 1] as number;
  if (second < 126) {
    return second;
  }
  return second === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
}
