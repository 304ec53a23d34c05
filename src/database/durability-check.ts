import type { DataSource } from "typeorm";

import { query } from "./query";

/**
 * The settings with which Postgres acknowledges what a crash may lose; empty when there are none.
 * `synchronous_commit = local` is safe on this machine; only `off` answers before the disk has it.
 */
export async function checkDurability(dataSource: DataSource): Promise<string[]> {
  const rows = await query<{ name: string }>(
    dataSource,
    `SELECT name FROM pg_settings
     WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
     ORDER BY name`,
  );
  return rows.map(({ name }) => `${name} is off`);
}
