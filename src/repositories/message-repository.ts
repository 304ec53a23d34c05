import type { DataSource } from "typeorm";

import type { MessageKey, StoredMessage } from "../contract/events";
import type { JsonObject } from "../contract/json-value";
import { wireBytesOf } from "../contract/wire-size";
import { query } from "../database/query";
import { isLockTimeout } from "../database/retry-policy";
import { type MessageRow, toStoredMessage } from "./message-row";

/** A message that is to be appended. */
export interface NewMessage {
  namespace: string;
  room: string;
  id: string;
  userId: string;
  username: string;
  color: string;
  type: string;
  content: string;
  replyTo: number | null;
  mentions: readonly string[] | null;
  metadata: JsonObject | null;
  createdAt: Date;
}

/** What became of it. */
export interface AppendResult {
  /** `conflict` and `rejected`: nothing of this call was stored. */
  status: "stored" | "duplicate" | "conflict" | "rejected";
  /** Its number, or the number of what is stored under its key; 0 when rejected. */
  seq: number;
  createdAt: Date;
  epoch: string;
}

interface AboutPage {
  namespace: string;
  room: string;
  limit: number;
  /** Of a page's messages on the wire; one message is always answered. */
  maxBytes: number;
}

/** Which page: the newest, or one that begins or ends at a number, or lies around it. */
export type PageQuery = AboutPage & ({ newest: true } | { before: number } | { after: number } | { around: number });

/** A page, oldest first, and the room's row, as they were at one moment. */
export interface RoomPage {
  room: { epoch: string; lastSeq: number; delivery: "fast" | "strict" | null } | null;
  messages: StoredMessage[];
  hasMoreBefore: boolean;
  hasMoreAfter: boolean;
}

/** Where a key is stored. */
export interface PlacedKey {
  namespace: string;
  room: string;
  userId: string;
  id: string;
  seq: number;
  epoch: string;
}

/** A key of another form is stored nowhere. */
const ID_PATTERN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The time as a number: to read it as text takes the driver 3 µs, a twentieth of all that a message costs. */
const appendSql = (name: string): string =>
  `SELECT status, seq::float8 AS seq, (extract(epoch FROM created_at) * 1000)::float8 AS "createdAtMs", epoch
  FROM ${name}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

const APPEND_SQL = appendSql("append_messages");
const APPEND_TO_FREE_ROOMS_SQL = appendSql("append_to_free_rooms");

interface AppendedRow extends Omit<AppendResult, "createdAt" | "status"> {
  status: AppendResult["status"] | "locked";
  createdAtMs: number;
}

interface RoomRow {
  id: string;
  epoch: string;
  lastSeq: number;
  delivery: "fast" | "strict" | null;
  oldestSeq: number | null;
  messages: MessageRow[];
}

/** Appends and reads messages. Callers see plain objects, never TypeORM types. */
export class MessageRepository {
  constructor(
    private readonly writer: DataSource,
    private readonly reader: DataSource,
  ) {}

  /**
   * Appends a batch, numbered per room, in one round trip and one transaction. Rows already there are
   * answered with their first number, so a repeat is safe. Waits a second for rooms that somebody else holds, then throws.
   */
  async append(messages: readonly NewMessage[]): Promise<AppendResult[]> {
    const rows = await query<AppendedRow>(this.writer, APPEND_SQL, toParameters(messages));
    // append_messages has no other answers than these.
    return rows.map(toResult) as AppendResult[];
  }

  /**
   * As `append`, but goes on without the rooms that somebody else holds: null for their messages, of which nothing is stored.
   *
   * @param mayWait false: not even the second.
   */
  async appendToFreeRooms(messages: readonly NewMessage[], mayWait: boolean): Promise<(AppendResult | null)[]> {
    if (mayWait) {
      try {
        return await this.append(messages);
      } catch (error) {
        if (!isLockTimeout(error)) {
          throw error;
        }
      }
    }
    const rows = await query<AppendedRow>(this.writer, APPEND_TO_FREE_ROOMS_SQL, toParameters(messages));
    return rows.map(toResult);
  }

  /** Where those of the keys are stored that are. */
  placesOf(keys: readonly MessageKey[]): Promise<PlacedKey[]> {
    const wanted = keys.filter(([userId, id]) => ID_PATTERN.test(id) && !userId.includes("\0"));
    return query<PlacedKey>(
      this.reader,
      `SELECT rooms.namespace, rooms.name AS room, messages.user_id AS "userId", messages.id, messages.seq::float8 AS seq, rooms.epoch
       FROM unnest($1::text[], $2::uuid[]) AS wanted (user_id, id)
       JOIN messages ON messages.user_id = wanted.user_id AND messages.id = wanted.id
       JOIN rooms ON rooms.id = messages.room_id`,
      [wanted.map(([userId]) => userId), wanted.map(([, id]) => id)],
    );
  }

  /** Those of the rooms whose rows somebody else holds at this moment, so that nothing can be appended. */
  heldRooms(rooms: readonly { namespace: string; room: string }[]): Promise<{ namespace: string; room: string }[]> {
    return query(
      this.reader,
      `WITH wanted AS (
         SELECT rooms.id, rooms.namespace, rooms.name FROM rooms
         JOIN unnest($1::text[], $2::text[]) AS given (namespace, name) USING (namespace, name)
       ), free AS MATERIALIZED (
         SELECT id FROM rooms WHERE id IN (SELECT id FROM wanted) FOR SHARE SKIP LOCKED
       )
       SELECT namespace, name AS room FROM wanted WHERE id NOT IN (SELECT id FROM free)`,
      [rooms.map(({ namespace }) => namespace), rooms.map(({ room }) => room)],
    );
  }

  /** Reads a page, and the room's row, in one statement, so that both are of one moment. */
  async page(page: PageQuery): Promise<RoomPage> {
    const { namespace, room, limit, maxBytes } = page;
    const [where, at] = placeOf(page);
    const [row] = await query<RoomRow>(this.reader, PAGE_SQL[where], [namespace, room, limit, at]);
    if (!row) {
      return { room: null, messages: [], hasMoreBefore: false, hasMoreAfter: false };
    }
    const { epoch, lastSeq, delivery, oldestSeq } = row;
    const found = row.messages.map((each) => toStoredMessage(room, each));
    const messages = within(found, maxBytes, where, at);
    const first = messages[0]?.seq;
    const last = messages.at(-1)?.seq;
    return {
      room: { epoch, lastSeq, delivery },
      messages,
      hasMoreBefore: oldestSeq !== null && oldestSeq < (first ?? (where === "after" ? at + 1 : 0)),
      hasMoreAfter: (last ?? (where === "before" ? at - 1 : lastSeq)) < lastSeq,
    };
  }
}

/** Arrays, never one parameter a cell: Postgres takes 65,535 parameters at most. */
function toParameters(messages: readonly NewMessage[]): unknown[] {
  return [
    messages.map(({ namespace }) => namespace),
    messages.map(({ room }) => room),
    messages.map(({ id }) => id),
    messages.map(({ userId }) => userId),
    messages.map(({ username }) => username),
    messages.map(({ color }) => color),
    messages.map(({ type }) => type),
    messages.map(({ content }) => content),
    messages.map(({ replyTo }) => replyTo),
    // As JSON texts: pg would make one array of two dimensions of an array of arrays.
    messages.map(({ mentions }) => mentions && JSON.stringify(mentions)),
    messages.map(({ metadata }) => metadata && JSON.stringify(metadata)),
    messages.map(({ createdAt }) => createdAt.toISOString()),
  ];
}

function toResult({ status, seq, createdAtMs, epoch }: AppendedRow): AppendResult | null {
  return status === "locked" ? null : { status, seq, createdAt: new Date(createdAtMs), epoch };
}

type Place = "newest" | "before" | "after" | "around";

function placeOf(page: PageQuery): [Place, number] {
  if ("before" in page) {
    return ["before", page.before];
  }
  if ("after" in page) {
    return ["after", page.after];
  }
  return "around" in page ? ["around", page.around] : ["newest", 0];
}

/** The rows of a page: each by a walk along the primary key. `$4` is the number in question. */
const SELECTIONS: Record<Place, string> = {
  newest: "SELECT * FROM messages WHERE room_id = room.id AND $4::bigint IS NOT NULL ORDER BY seq DESC LIMIT $3",
  before: "SELECT * FROM messages WHERE room_id = room.id AND seq < $4 ORDER BY seq DESC LIMIT $3",
  after: "SELECT * FROM messages WHERE room_id = room.id AND seq > $4 ORDER BY seq LIMIT $3",
  around: `
    (SELECT * FROM messages WHERE room_id = room.id AND seq < $4 ORDER BY seq DESC LIMIT ($3::int - 1) / 2)
    UNION ALL
    (SELECT * FROM messages WHERE room_id = room.id AND seq >= $4 ORDER BY seq LIMIT $3::int - ($3::int - 1) / 2)`,
};

function pageSql(selection: string): string {
  return `
    SELECT room.id, room.epoch, room.last_seq::float8 AS "lastSeq", room.delivery,
      (SELECT seq::float8 FROM messages WHERE room_id = room.id ORDER BY seq LIMIT 1) AS "oldestSeq",
      coalesce((SELECT json_agg(page ORDER BY page.seq) FROM (${selection}) AS page), '[]') AS messages
    FROM rooms AS room
    WHERE room.namespace = $1 AND room.name = $2`;
}

const PAGE_SQL: Record<Place, string> = {
  newest: pageSql(SELECTIONS.newest),
  before: pageSql(SELECTIONS.before),
  after: pageSql(SELECTIONS.after),
  around: pageSql(SELECTIONS.around),
};

/** The messages that fit, nearest to the number in question first; one at least. */
function within(messages: StoredMessage[], maxBytes: number, where: Place, at: number): StoredMessage[] {
  const distance = ({ seq }: StoredMessage): number =>
    where === "after" ? seq : where === "around" ? Math.abs(seq - at) : -seq;
  let bytes = 0;
  const nearest = [...messages].sort((a, b) => distance(a) - distance(b));
  const tooFar = nearest.findIndex((message, index) => {
    bytes += wireBytesOf(message);
    return index > 0 && bytes > maxBytes;
  });
  return tooFar < 0 ? messages : nearest.slice(0, tooFar).sort((a, b) => a.seq - b.seq);
}
