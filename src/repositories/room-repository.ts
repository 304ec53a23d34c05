import type { DataSource } from "typeorm";

import type { MessageKey, StoredMessage } from "../contract/events";
import { BOUNDED_WAIT } from "../database/bounded-wait";
import { query } from "../database/query";
import { type MessageRow, toStoredMessage } from "./message-row";

type Delivery = "fast" | "strict";

/** A room's row. */
export interface RoomRecord {
  namespace: string;
  name: string;
  epoch: string;
  lastSeq: number;
  /** null: the service's default. */
  delivery: Delivery | null;
  /** The first 200 above the number that was asked for. */
  messages: StoredMessage[];
  /** The key of the message with the last number; null: it is gone, or there is none. */
  lastKey: MessageKey | null;
  /** The key of the message with the witness' number. */
  witness: MessageKey | null;
  /** How many messages there are in the span. */
  inSpan: number;
}

/** A room that is to be read. */
export interface WantedRoom {
  namespace: string;
  name: string;
  /** Messages above this number are wanted. */
  above: number;
  /** The number of a message whose key is wanted. */
  witness?: number | undefined;
  /** Numbers of which it is wanted how many there are. */
  span?: { first: number; last: number } | undefined;
}

const MAX_MESSAGES_ABOVE = 200;

const FIND_MANY_SQL = `
  SELECT rooms.namespace, rooms.name, rooms.epoch, rooms.last_seq::float8 AS "lastSeq", rooms.delivery,
    CASE WHEN rooms.last_seq > wanted.above THEN coalesce(
      (SELECT json_agg(newer ORDER BY newer.seq) FROM (
        SELECT * FROM messages WHERE room_id = rooms.id AND seq > wanted.above ORDER BY seq LIMIT $4
      ) AS newer), '[]') ELSE '[]' END AS messages,
    (SELECT json_build_array(user_id, id) FROM messages WHERE room_id = rooms.id AND seq = rooms.last_seq) AS "lastKey",
    (SELECT json_build_array(user_id, id) FROM messages WHERE room_id = rooms.id AND seq = wanted.witness) AS witness,
    (SELECT count(*)::int FROM messages WHERE room_id = rooms.id AND seq BETWEEN wanted.first AND wanted.last) AS "inSpan"
  FROM rooms JOIN unnest($1::text[], $2::text[], $3::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
    AS wanted (namespace, name, above, witness, first, last) USING (namespace, name)`;

/** Reads and administers rooms. */
export class RoomRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The rows of those that have one, with what each holds above a number, in one query. */
  async findMany(rooms: readonly WantedRoom[]): Promise<RoomRecord[]> {
    const rows = await query<Omit<RoomRecord, "messages"> & { messages: MessageRow[] }>(
      this.dataSource,
      FIND_MANY_SQL,
      [
        rooms.map(({ namespace }) => namespace),
        rooms.map(({ name }) => name),
        rooms.map(({ above }) => above),
        MAX_MESSAGES_ABOVE,
        rooms.map(({ witness }) => witness ?? 0),
        rooms.map(({ span }) => span?.first ?? 0),
        rooms.map(({ span }) => span?.last ?? 0),
      ],
    );
    return rows.map((row) => ({ ...row, messages: row.messages.map((each) => toStoredMessage(row.name, each)) }));
  }

  /** Sets a room's delivery mode, or gives it back to the default with null. The row is made where there is none. */
  async setDelivery(namespace: string, name: string, delivery: Delivery | null): Promise<void> {
    await query(
      this.dataSource,
      `INSERT INTO rooms (namespace, name, epoch, delivery)
       SELECT $1, $2, replace(gen_random_uuid()::text, '-', ''), $3 FROM ${BOUNDED_WAIT}
       ON CONFLICT (namespace, name) DO UPDATE SET delivery = excluded.delivery`,
      [namespace, name, delivery],
    );
  }

  /** Gives every room a new epoch, after a restore from backup; answers how many there are. */
  async renewEpochs(): Promise<number> {
    const rows = await query<{ count: number }>(
      this.dataSource,
      `WITH renewed AS (UPDATE rooms SET epoch = replace(gen_random_uuid()::text, '-', '') FROM ${BOUNDED_WAIT} RETURNING 1)
       SELECT count(*)::int AS count FROM renewed`,
    );
    return rows[0]?.count ?? 0;
  }
}
