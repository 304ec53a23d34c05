import type { RoomMessage } from "roomful-client";

/** Up to where somebody has read a room: by number, and by time for what had no number yet. */
export interface ReadMark {
  seq: number;
  atMs: number;
}

/**
 * What others have said behind the mark, and the key of the first of it that is here. System messages are not counted;
 * what has not been loaded is, whoever said it.
 */
export function countUnread(
  messages: readonly RoomMessage[],
  { seq, atMs }: ReadMark,
): { count: number; firstKey: string | undefined } {
  let count = 0;
  let firstKey: string | undefined;
  let firstSeq: number | undefined;
  // From the end, since what was read long ago need not be looked at.
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index] as RoomMessage;
    if (message.seq !== undefined && message.seq <= seq) {
      return { count, firstKey };
    }
    firstSeq = message.seq ?? firstSeq;
    if (!message.isOwn && message.type !== "system" && message.shownAtMs > atMs) {
      count += 1;
      firstKey = message.key;
    }
  }
  return { count: count + Math.max(0, (firstSeq ?? 0) - 1 - seq), firstKey };
}

/** As a badge shows it. */
export function shownCount(count: number): string {
  return count > 99 ? "99+" : String(count);
}
