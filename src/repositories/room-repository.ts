import type { DataSource } from "typeorm";

import { query } from "../database/query";

type Delivery = "fast" | "strict";

/** A room's row. */
export interface RoomRecord {
  namespace: string;
  name: string;
  epoch: string;
  lastSeq: number;
  /** null: the service's default. */
  delivery: Delivery | null;
}

/** Reads and administers rooms. */
export class RoomRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The rows of those that have one, in one query. */
  findMany(rooms: readonly { namespace: string; name: string }[]): Promise<RoomRecord[]> {
    return query<RoomRecord>(
      this.dataSource,
      `SELECT namespace, name, epoch, last_seq::float8 AS "lastSeq", delivery
       FROM rooms JOIN unnest($1::text[], $2::text[]) AS wanted (namespace, name) USING (namespace, name)`,
      [rooms.map(({ namespace }) => namespace), rooms.map(({ name }) => name)],
    );
  }

  /** Sets a room's delivery mode, or gives it back to the default with null. The row is made where there is none. */
  async setDelivery(namespace: string, name: string, delivery: Delivery | null): Promise<void> {
    await query(
      this.dataSource,
      `INSERT INTO rooms (namespace, name, epoch, delivery) VALUES ($1, $2, replace(gen_random_uuid()::text, '-', ''), $3)
       ON CONFLICT (namespace, name) DO UPDATE SET delivery = excluded.delivery`,
      [namespace, name, delivery],
    );
  }

  /** Gives every room a new epoch, after a restore from backup; answers how many there are. */
  async renewEpochs(): Promise<number> {
    const rows = await query<{ count: number }>(
      this.dataSource,
      `WITH renewed AS (UPDATE rooms SET epoch = replace(gen_random_uuid()::text, '-', '') RETURNING 1)
       SELECT count(*)::int AS count FROM renewed`,
    );
    return rows[0]?.count ?? 0;
  }
}
