import { encodePacket, type Packet } from "engine.io-parser";

import type { EnginePacket } from "./engine-connection";

/** Packets that several connections have to send, all of them broadcasts, and what they become. */
interface Sequence {
  frames: readonly (readonly Buffer[])[];
  joined: Buffer;
}

/**
 * At most so many sequences that end with the same broadcast are compared: connections in different sets of rooms have
 * different ones. Beyond that a connection's packets are joined for itself.
 */
const MAX_ALTERNATIVES = 16;

/** RFC 6455, 5.2: a whole text frame, not masked; lengths up to 125, 16 bits and 64 bits. */
const FINAL_TEXT = 0x81;
const LENGTH_16_BITS = 126;
const LENGTH_64_BITS = 127;

/**
 * Makes one buffer of the frames that a connection has to send, so that they cost one write; connections whose frames are
 * the same in the same order get the same buffer.
 */
export class FrameJoiner {
  /** By the frame of their last broadcast. */
  private readonly sequences = new Map<readonly Buffer[], Sequence[]>();

  /** The bytes of all packets; undefined: they hold something else than text, and are to be sent as they are. */
  join(packets: readonly EnginePacket[]): Buffer | undefined {
    const lastFrame = packets.at(-1)?.options?.wsPreEncodedFrame;
    const alternatives = lastFrame && this.sequences.get(lastFrame);
    const known = alternatives?.find(({ frames }) => isSame(frames, packets));
    if (known) {
      return known.joined;
    }
    const parts = packets.map(partOf);
    if (!isComplete(parts)) {
      return undefined;
    }
    const joined = concatenate(parts);
    if (lastFrame && (alternatives?.length ?? 0) < MAX_ALTERNATIVES && parts.every(isFrame)) {
      const sequence = { frames: parts, joined };
      alternatives ? alternatives.push(sequence) : this.sequences.set(lastFrame, [sequence]);
    }
    return joined;
  }

  /** Forgets the buffers: what has been written is not to be kept. */
  forget(): void {
    this.sequences.clear();
  }
}

function isSame(frames: Sequence["frames"], packets: readonly EnginePacket[]): boolean {
  if (frames.length !== packets.length) {
    return false;
  }
  for (let index = 0; index < frames.length; index += 1) {
    if (packets[index]?.options?.wsPreEncodedFrame !== frames[index]) {
      return false;
    }
  }
  return true;
}

/** A broadcast's frame, or the text that a frame is to be made of. */
type Part = readonly Buffer[] | string;

function partOf(packet: EnginePacket): Part | undefined {
  const frame = packet.options?.wsPreEncodedFrame;
  if (frame) {
    return frame;
  }
  let text: string | undefined;
  // It answers at once, and with a text unless the data are bytes.
  encodePacket(packet as Packet, true, (encoded: unknown) => {
    text = typeof encoded === "string" ? encoded : undefined;
  });
  return text;
}

function isComplete(parts: readonly (Part | undefined)[]): parts is readonly Part[] {
  return !parts.includes(undefined);
}

function isFrame(part: Part): part is readonly Buffer[] {
  return typeof part !== "string";
}

function concatenate(parts: readonly Part[]): Buffer {
  let bytes = 0;
  for (const part of parts) {
    if (isFrame(part)) {
      for (const piece of part) {
        bytes += piece.length;
      }
    } else {
      const length = Buffer.byteLength(part);
      bytes += headerBytes(length) + length;
    }
  }
  const buffer = Buffer.allocUnsafe(bytes);
  let offset = 0;
  for (const part of parts) {
    if (isFrame(part)) {
      for (const piece of part) {
        buffer.set(piece, offset);
        offset += piece.length;
      }
    } else {
      offset = writeTextFrame(buffer, part, offset);
    }
  }
  return buffer;
}

function headerBytes(length: number): number {
  return length < LENGTH_16_BITS ? 2 : length < 2 ** 16 ? 4 : 10;
}

/** Answers the offset behind the frame. */
function writeTextFrame(buffer: Buffer, text: string, start: number): number {
  const length = Buffer.byteLength(text);
  const header = headerBytes(length);
  buffer[start] = FINAL_TEXT;
  if (header === 2) {
    buffer[start + 1] = length;
  } else if (header === 4) {
    buffer[start + 1] = LENGTH_16_BITS;
    buffer.writeUInt16BE(length, start + 2);
  } else {
    buffer[start + 1] = LENGTH_64_BITS;
    buffer.writeBigUInt64BE(BigInt(length), start + 2);
  }
  return start + header + buffer.write(text, start + header);
}
