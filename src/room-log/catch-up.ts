import type { HistoryPage, StoredMessage } from "../contract/events";
import { wireBytesOf } from "../contract/wire-size";
import type { RoomPage } from "../repositories/message-repository";
import type { PageReader } from "./page-reader";
import type { RoomLog, RoomRow } from "./room-log";

export interface CatchUpQuery {
  namespace: string;
  room: string;
  /** What follows this number is wanted; undefined: the newest page. */
  after?: number | undefined;
  /** The epoch in which `after` was learnt; undefined: not said; null: before the room had one. */
  epoch?: string | null | undefined;
  limit: number;
}

export interface CaughtUp {
  epoch: string | null;
  lastSeq: number;
  recovered: boolean | null;
  messages: StoredMessage[];
  hasMore: boolean;
}

/** Answers what follows a number: from the room's log when it provably has all of it, otherwise from Postgres. */
export class CatchUp {
  constructor(
    private readonly pages: Pick<PageReader, "read">,
    private readonly maxPageBytes: number,
  ) {}

  /** A page of what follows a number, without judging whether the reader's number is of this epoch. Throws UNAVAILABLE. */
  async after(
    { namespace, room, after, limit }: { namespace: string; room: string; after: number; limit: number },
    log: RoomLog | undefined,
  ): Promise<Omit<HistoryPage, "pending">> {
    const known = log && this.fromLog({ namespace, room, after, limit }, log);
    if (known) {
      const { messages, hasMore, lastSeq, epoch } = known;
      return { messages, hasMoreBefore: after > 0, hasMoreAfter: hasMore, lastSeq, epoch };
    }
    const page = await this.pages.read({ namespace, room, limit, maxBytes: this.maxPageBytes, after });
    log?.learn(rowOf(page));
    const { messages, hasMoreBefore, hasMoreAfter } = page;
    return { messages, hasMoreBefore, hasMoreAfter, lastSeq: page.room?.lastSeq ?? 0, epoch: page.room?.epoch ?? null };
  }

  /** What a joining reader is answered. Throws UNAVAILABLE when Postgres is needed and away. */
  async read(query: CatchUpQuery, log: RoomLog | undefined): Promise<CaughtUp> {
    if (!log) {
      return this.fromTable(query, undefined);
    }
    return this.fromLog(query, log) ?? log.whileReading(() => this.fromTable(query, log));
  }

  private fromLog({ after, epoch, limit }: CatchUpQuery, log: RoomLog): CaughtUp | undefined {
    if (!log.isLoaded || log.isDoubtful || (log.epoch === null && log.tip > 0)) {
      // The last: the row was made after this node had looked for it, and what showed its messages (a strict room) named no
      // epoch.
      return undefined;
    }
    if (after === undefined) {
      return this.newestFromLog(limit, log);
    }
    if (after > log.tip || !isSameEpoch(log.epoch, epoch, after)) {
      return undefined;
    }
    const last = Math.min(after + limit, log.tip);
    const found = last > after ? log.range(after + 1, last) : [];
    if (!found) {
      return undefined;
    }
    const messages = firstWithin(found, this.maxPageBytes);
    return {
      epoch: log.epoch,
      lastSeq: log.tip,
      recovered: true,
      messages,
      hasMore: after + messages.length < log.tip,
    };
  }

  /** Many who come at once, as after a restart of what stands before the node, are not to ask the table one by one. */
  private newestFromLog(limit: number, log: RoomLog): CaughtUp | undefined {
    const before = Math.max(0, log.tip - limit);
    const found = log.tip > 0 ? log.range(before + 1, log.tip) : [];
    if (!found) {
      return undefined;
    }
    const messages = firstWithin(found.toReversed(), this.maxPageBytes).toReversed();
    return {
      epoch: log.epoch,
      lastSeq: log.tip,
      recovered: null,
      messages,
      hasMore: messages.length < log.tip,
    };
  }

  private async fromTable(query: CatchUpQuery, log: RoomLog | undefined): Promise<CaughtUp> {
    const { namespace, room, limit, after } = query;
    const about = { namespace, room, limit, maxBytes: this.maxPageBytes };
    if (after !== undefined) {
      const page = await this.pages.read({ ...about, after });
      log?.learn(rowOf(page));
      const epoch = page.room?.epoch ?? null;
      const lastSeq = page.room?.lastSeq ?? 0;
      const isPurged = after < lastSeq && page.messages[0]?.seq !== after + 1;
      if (after <= lastSeq && isSameEpoch(epoch, query.epoch, after) && !isPurged) {
        return { epoch, lastSeq, recovered: true, messages: page.messages, hasMore: page.hasMoreAfter };
      }
    }
    const page = await this.pages.read({ ...about, newest: true });
    log?.learn(rowOf(page));
    return {
      epoch: page.room?.epoch ?? null,
      lastSeq: page.room?.lastSeq ?? 0,
      recovered: after === undefined ? null : false,
      messages: page.messages,
      hasMore: page.hasMoreBefore,
    };
  }
}

/** The room's row, with the key of its last message, if that is on the page. */
function rowOf({ room, messages }: RoomPage): RoomRow | null {
  const last = messages.at(-1);
  return room && { ...room, lastKey: last?.seq === room.lastSeq ? [last.userId, last.id] : null };
}

/** A reader that began before the room had an epoch has followed it from 0. */
function isSameEpoch(current: string | null, told: string | null | undefined, after: number): boolean {
  return told === undefined || told === current || (told === null && after === 0);
}

/** The first messages that fit, and one at least. */
function firstWithin(messages: StoredMessage[], maxBytes: number): StoredMessage[] {
  let bytes = 0;
  const end = messages.findIndex((message, index) => {
    bytes += wireBytesOf(message);
    return index > 0 && bytes > maxBytes;
  });
  return end < 0 ? messages : messages.slice(0, end);
}
