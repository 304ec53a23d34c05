import type { HistoryPage } from "../contract/events";
import type { Payload } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import { wireBytesOf } from "../contract/wire-size";
import type { RoomPage } from "../repositories/message-repository";
import type { CatchUp } from "../room-log/catch-up";
import type { PageReader } from "../room-log/page-reader";
import type { RoomLogs } from "../room-log/room-logs";
import { NOTHING_PENDING, type Pending } from "../room-log/shown-messages";
import type { RoomMembership } from "./room-membership";
import { firstWithin, PENDING_SHARE } from "./room-state";
import type { EventHandler } from "./to-listener";

export interface HistoryHandlerDeps {
  membership: Pick<RoomMembership, "isMember">;
  readHistory: HistoryReader;
}

export interface HistoryReaderDeps {
  namespace: string;
  logs: Pick<RoomLogs, "find">;
  catchUp: Pick<CatchUp, "after">;
  pages: Pick<PageReader, "read">;
  maxPageBytes: number;
}

/** Reads a page of a room's stored messages, in either direction or around one of them. Throws UNAVAILABLE. */
export type HistoryReader = (query: Payload<"history">) => Promise<HistoryPage>;

/** Reads pages for those who are in the room. */
export function createHistoryHandler({
  membership,
  readHistory,
}: HistoryHandlerDeps): EventHandler<Payload<"history">, HistoryPage> {
  return async function handleHistory(query, socket) {
    if (!membership.isMember(socket, query.room)) {
      throw new RoomfulError("NOT_IN_ROOM");
    }
    return readHistory(query);
  };
}

export function createHistoryReader(deps: HistoryReaderDeps): HistoryReader {
  const { namespace, logs, catchUp, pages, maxPageBytes } = deps;

  return async function readHistory({ room, before, after, around, limit }) {
    const log = logs.find(namespace, room);
    // Before the read: a message that is numbered while it runs is in one of them at least.
    const shown = log?.pending(maxPageBytes * PENDING_SHARE) ?? NOTHING_PENDING;
    if (after !== undefined) {
      const page = await catchUp.after({ namespace, room, after, limit }, log);
      return page.hasMoreAfter ? page : withPending(page, shown);
    }
    const about = { namespace, room, limit, maxBytes: maxPageBytes };
    const where = before !== undefined ? { before } : around !== undefined ? { around } : { newest: true as const };
    const page = await pages.read({ ...about, ...where });
    const { messages, hasMoreBefore, hasMoreAfter } = page;
    const answer = { messages, hasMoreBefore, hasMoreAfter, ...lastOf(page) };
    return page.hasMoreAfter ? answer : withPending(answer, shown);
  };

  /** The page is as large as it may be, perhaps: what is pending takes what is left. */
  function withPending(page: HistoryPage, { pending: shown, hasMorePending }: Pending): HistoryPage {
    const bytesLeft = maxPageBytes - page.messages.reduce((bytes, message) => bytes + wireBytesOf(message), 0);
    const pending = firstWithin(shown.toReversed(), bytesLeft).reverse();
    const isCut = hasMorePending || pending.length < shown.length;
    return { ...page, pending, ...(isCut && { hasMorePending: true }) };
  }
}

function lastOf({ room }: RoomPage): Pick<HistoryPage, "lastSeq" | "epoch"> {
  return { lastSeq: room?.lastSeq ?? 0, epoch: room?.epoch ?? null };
}
