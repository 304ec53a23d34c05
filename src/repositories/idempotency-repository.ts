import { randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";

import { BOUNDED_WAIT } from "../database/bounded-wait";
import { query } from "../database/query";

/** A call under a key of its caller. */
export interface KeyedCall {
  key: string;
  /** Of what is asked for. */
  requestHash: string;
}

/** What is known of a keyed call. */
export type CallState =
  /** Nobody has done it, and the lease says that this run may. */
  | { state: "begun"; lease: string }
  | { state: "done"; answer: unknown }
  | { state: "in_flight"; retryAfterMs: number }
  /** The key stands for another call. */
  | { state: "conflict" };

/** A run that has said nothing for this long is dead. */
const LEASE_MS = 30_000;
const KEEP_MS = 86_400_000;
const REMOVED_AT_ONCE = 10_000;

interface StateRow {
  isBegun: boolean;
  isSame: boolean | null;
  isDone: boolean | null;
  answer: unknown;
  leftMs: number | null;
}

/**
 * The keys must be different ones. A row that another call inserts at this moment is not seen, only met: it is in flight.
 * In the order of the keys, so that two calls never wait for each other in a circle.
 */
const BEGIN_SQL = `
  WITH given AS (
    SELECT * FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS input (key, request_hash, ordinal)
  ), begun AS (
    INSERT INTO idempotency_keys AS known (caller, key, request_hash, lease, leased_until, expires_at)
    SELECT $1, key, request_hash, $4::uuid, now() + $5 * interval '1 ms', now() + $6 * interval '1 ms'
    FROM given, ${BOUNDED_WAIT} ORDER BY key COLLATE "C"
    ON CONFLICT (caller, key) DO UPDATE SET
      request_hash = excluded.request_hash, lease = excluded.lease, leased_until = excluded.leased_until,
      answer = NULL, expires_at = excluded.expires_at
    WHERE known.expires_at <= now()
      OR (known.answer IS NULL AND known.leased_until <= now() AND known.request_hash = excluded.request_hash)
    RETURNING key
  )
  SELECT begun.key IS NOT NULL AS "isBegun", known.request_hash = given.request_hash AS "isSame",
    known.answer IS NOT NULL AS "isDone", known.answer,
    (extract(epoch FROM known.leased_until - now()) * 1000)::float8 AS "leftMs"
  FROM given
  LEFT JOIN begun ON begun.key = given.key
  LEFT JOIN idempotency_keys AS known ON known.caller = $1 AND known.key = given.key
  ORDER BY given.ordinal`;

/** Remembers calls by their callers' keys for 24 h, so that a repeat is answered and not done again. */
export class IdempotencyRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Says what is known of each call, and leases those that are to be done now. */
  async begin(caller: string, calls: readonly KeyedCall[]): Promise<CallState[]> {
    const lease = randomUUID();
    const rows = await query<StateRow>(this.dataSource, BEGIN_SQL, [
      caller,
      calls.map(({ key }) => key),
      calls.map(({ requestHash }) => requestHash),
      lease,
      LEASE_MS,
      KEEP_MS,
    ]);
    return rows.map(({ isBegun, isSame, isDone, answer, leftMs }) => {
      if (isBegun) {
        return { state: "begun", lease };
      }
      if (isSame === false) {
        return { state: "conflict" };
      }
      return isDone
        ? { state: "done", answer }
        : { state: "in_flight", retryAfterMs: Math.max(100, leftMs ?? LEASE_MS) };
    });
  }

  /** What those that were begun are answered with from now on. */
  async finish(caller: string, lease: string, done: readonly { key: string; answer: object }[]): Promise<void> {
    await query(
      this.dataSource,
      `UPDATE idempotency_keys AS known SET answer = done.answer::jsonb
       FROM unnest($3::text[], $4::text[]) AS done (key, answer), ${BOUNDED_WAIT}
       WHERE known.caller = $1 AND known.lease = $2 AND known.key = done.key`,
      [caller, lease, done.map(({ key }) => key), done.map(({ answer }) => JSON.stringify(answer))],
    );
  }

  /** They were not done: a repeat may try. */
  async release(caller: string, lease: string, keys: readonly string[]): Promise<void> {
    await query(
      this.dataSource,
      `DELETE FROM idempotency_keys USING ${BOUNDED_WAIT} WHERE caller = $1 AND lease = $2 AND key = ANY ($3::text[])`,
      [caller, lease, keys],
    );
  }

  /** Removes what has expired, but what another call holds at this moment: it never waits, so that nodes do not meet in a circle. */
  async removeExpired(): Promise<void> {
    let removed = REMOVED_AT_ONCE;
    while (removed === REMOVED_AT_ONCE) {
      const rows = await query(
        this.dataSource,
        `DELETE FROM idempotency_keys WHERE (caller, key) IN (
           SELECT caller, key FROM idempotency_keys WHERE expires_at <= now()
           LIMIT ${REMOVED_AT_ONCE} FOR UPDATE SKIP LOCKED
         ) RETURNING 1`,
      );
      removed = rows.length;
    }
  }
}
