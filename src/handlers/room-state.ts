import type { RoomState, User } from "../contract/events";
import { wireBytesOf } from "../contract/wire-size";
import type { Pending } from "../room-log/shown-messages";

export interface RoomStateParts {
  room: string;
  /** The page that was read, and what is known of the room with it. */
  page: Pick<RoomState, "epoch" | "lastSeq" | "recovered" | "messages" | "hasMore">;
  pending: Pending;
  present: { users: User[]; count: number };
  maxBytes: number;
}

/** What is shown and has no number may take this part of an answer, and so may people: half is left for messages. */
export const PENDING_SHARE = 1 / 4;

/** Puts the answer of a join together, in no more bytes than an answer may have; one message is always in it. */
export function roomStateOf({ room, page, pending: shown, present, maxBytes }: RoomStateParts): RoomState {
  const { epoch, lastSeq, recovered } = page;
  const users = firstWithin(present.users, maxBytes * PENDING_SHARE);
  const { pending, hasMorePending } = shown;
  const bytesLeft = maxBytes - bytesOf(users) - bytesOf(pending);
  // What follows a number is cut at its end, and the newest page at its beginning.
  const messages =
    recovered === true
      ? firstWithin(page.messages, bytesLeft, 1)
      : firstWithin(page.messages.toReversed(), bytesLeft, 1).reverse();
  const hasMore = page.hasMore || messages.length < page.messages.length;
  const state: RoomState = { room, epoch, lastSeq, recovered, messages, hasMore, pending, users, count: present.count };
  if (hasMorePending) {
    state.hasMorePending = true;
  }
  return state;
}

/** The first ones that fit, and `least` at least. */
export function firstWithin<Item extends object>(items: readonly Item[], maxBytes: number, least = 0): Item[] {
  let bytes = 0;
  const end = items.findIndex((item, index) => {
    bytes += wireBytesOf(item);
    return index >= least && bytes > maxBytes;
  });
  return items.slice(0, end < 0 ? items.length : end);
}

function bytesOf(items: readonly object[]): number {
  return items.reduce<number>((bytes, item) => bytes + wireBytesOf(item), 0);
}
