import type { DataSource } from "typeorm";

import { BOUNDED_WAIT } from "../database/bounded-wait";
import { query } from "../database/query";

/** The user's tokens of before that moment no longer count. */
export interface RevocationRecord {
  userId: string;
  issuedBefore: Date;
}

/** Reads and administers withdrawn tokens. */
export class RevocationRepository {
  constructor(private readonly dataSource: DataSource) {}

  list(): Promise<RevocationRecord[]> {
    return query<RevocationRecord>(
      this.dataSource,
      'SELECT user_id AS "userId", issued_before AS "issuedBefore" FROM revocations',
    );
  }

  /** A later moment takes an earlier one's place, and not the other way round. */
  async revoke({ userId, issuedBefore }: RevocationRecord): Promise<void> {
    await query(
      this.dataSource,
      `INSERT INTO revocations (user_id, issued_before) SELECT $1, $2::timestamptz FROM ${BOUNDED_WAIT}
       ON CONFLICT (user_id) DO UPDATE SET issued_before = greatest(revocations.issued_before, excluded.issued_before)`,
      [userId, issuedBefore],
    );
  }

  /** Takes a revocation back; answers whether there was one. */
  async restore(userId: string): Promise<boolean> {
    const rows = await query(
      this.dataSource,
      `DELETE FROM revocations USING ${BOUNDED_WAIT} WHERE user_id = $1 RETURNING 1`,
      [userId],
    );
    return rows.length > 0;
  }
}
