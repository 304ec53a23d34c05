import type { DataSource } from "typeorm";

import { query } from "../database/query";
import { isLockTimeout } from "../database/retry-policy";
import type { AppendResult, NewMessage } from "./message-repository";

/** A message that waits in the outbox, as some program has left it there. */
export interface OutboxRecord extends NewMessage {
  /** Its place in the order of the commits. */
  position: number;
}

/** What became of a row. */
export interface DrainResult extends AppendResult {
  position: number;
  /** Why it was set aside; null: it was appended, or was there already, and is gone. */
  failure: string | null;
}

/** A row that waits: somebody else holds it, one before it in its room, or the room. */
export interface LockedRow {
  position: number;
  status: "locked";
}

export interface OutboxCounts {
  /** Rows that wait, counted up to 10,000. */
  waiting: number;
  /** Age of the row that waits in the first place; 0 when there is none. */
  oldestAgeMs: number;
  /** Rows that were set aside, counted up to 1,000. */
  setAside: number;
}

export interface OutboxLook {
  namespaces: readonly string[];
  /** Rows at most. */
  limit: number;
  /** Rooms behind this one only; undefined: from the first. */
  after: { namespace: string; room: string } | undefined;
}

/** Every room that has rows gets an equal share. It finds the rooms one by one in the index, and reads no rows on the way. */
const LOOK_SQL = `
  WITH RECURSIVE found AS (
    (SELECT namespace, room FROM outbox
     WHERE failed_at IS NULL AND namespace = ANY ($1) AND (namespace, room) > ($3, $4)
     ORDER BY namespace, room LIMIT 1)
    UNION ALL
    SELECT next.namespace, next.room
    FROM found, LATERAL (
      SELECT namespace, room FROM outbox
      WHERE failed_at IS NULL AND namespace = ANY ($1) AND (namespace, room) > (found.namespace, found.room)
      ORDER BY namespace, room LIMIT 1
    ) AS next
  ), rooms AS MATERIALIZED (SELECT * FROM found LIMIT $2)
  SELECT waiting.position::float8 AS position, waiting.namespace, waiting.room, waiting.message_id AS id,
    waiting.user_id AS "userId", waiting.username, waiting.color, waiting.type, waiting.content,
    waiting.reply_to::float8 AS "replyTo", waiting.mentions, waiting.metadata, waiting.created_at AS "createdAt"
  FROM rooms, LATERAL (
    SELECT * FROM outbox
    WHERE failed_at IS NULL AND namespace = rooms.namespace AND room = rooms.room
    ORDER BY position LIMIT (SELECT greatest(1, $2::int / count(*)) FROM rooms)
  ) AS waiting
  ORDER BY waiting.namespace, waiting.room, waiting.position`;

const drainSql = (name: string): string => `
  SELECT position::float8 AS position, status, seq::float8 AS seq, created_at AS "createdAt", epoch, failure
  FROM ${name}($1)`;

const DRAIN_SQL = drainSql("drain_outbox");
const DRAIN_TO_FREE_ROOMS_SQL = drainSql("drain_to_free_rooms");

/** A row that somebody holds stays: it is looked at again, and the others do not wait for it. */
const SET_ASIDE_SQL = `
  UPDATE outbox SET failed_at = now(), failure = $2
  WHERE position = (SELECT position FROM outbox WHERE position = $1 AND failed_at IS NULL FOR UPDATE SKIP LOCKED)
  RETURNING 1 AS done`;

const COUNT_SQL = `
  SELECT
    (SELECT count(*)::int FROM (SELECT FROM outbox WHERE failed_at IS NULL LIMIT 10000) AS counted) AS waiting,
    coalesce((
      SELECT greatest(0, extract(epoch FROM clock_timestamp() - created_at) * 1000)::float8
      FROM outbox WHERE failed_at IS NULL ORDER BY position LIMIT 1
    ), 0) AS "oldestAgeMs",
    (SELECT count(*)::int FROM (SELECT FROM outbox WHERE failed_at IS NOT NULL ORDER BY failed_at LIMIT 1000) AS counted) AS "setAside"`;

/** Reads what waits in the outbox, and moves it into its rooms. */
export class OutboxRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Rows that wait, by room and place: of each room the first ones. Locks nothing; another node may be draining them. */
  async look({ namespaces, limit, after }: OutboxLook): Promise<OutboxRecord[]> {
    return query<OutboxRecord>(this.dataSource, LOOK_SQL, [
      namespaces,
      limit,
      after?.namespace ?? "",
      after?.room ?? "",
    ]);
  }

  /**
   * Appends rows to their rooms and removes them, in one transaction. Answers what became of them, by place; rows of rooms
   * that another node is draining, and those that are gone, are not among them. Goes on without what somebody else holds.
   *
   * @param mayWait false: not even a second.
   */
  async drain(positions: readonly number[], mayWait: boolean): Promise<(DrainResult | LockedRow)[]> {
    if (mayWait) {
      try {
        return await query<DrainResult>(this.dataSource, DRAIN_SQL, [positions]);
      } catch (error) {
        if (!isLockTimeout(error)) {
          throw error;
        }
      }
    }
    return query<DrainResult | LockedRow>(this.dataSource, DRAIN_TO_FREE_ROOMS_SQL, [positions]);
  }

  /** Takes a row out of the way of the others, for a person to look at. false: it is gone, was set aside before, or somebody holds it. */
  async setAside(position: number, failure: string): Promise<boolean> {
    const rows = await query(this.dataSource, SET_ASIDE_SQL, [position, failure]);
    return rows.length > 0;
  }

  async count(): Promise<OutboxCounts> {
    const [counts] = await query<OutboxCounts>(this.dataSource, COUNT_SQL);
    return counts ?? { waiting: 0, oldestAgeMs: 0, setAside: 0 };
  }
}
