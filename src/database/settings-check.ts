import type { DataSource } from "typeorm";

import { query } from "./query";

interface SettingsRow {
  timeout: string;
  role: string;
  database: string;
}

/**
 * What Postgres should be told where the service's timeouts do not reach it: a pooler has refused or swallowed them. undefined:
 * they do. What waits for locks ends by itself; this is about statements that run for long.
 */
export async function checkSettings(dataSource: DataSource, statementTimeoutMs: number): Promise<string | undefined> {
  const [row] = await query<SettingsRow>(
    dataSource,
    `SELECT current_setting('statement_timeout') AS timeout, quote_ident(current_user) AS role,
       quote_ident(current_database()) AS database`,
  );
  if (row?.timeout !== "0") {
    return undefined;
  }
  return (
    "Postgres ends no statement that takes too long: a pooler keeps the service's settings from it. " +
    `Set it there: ALTER ROLE ${row.role} IN DATABASE ${row.database} SET statement_timeout = '${statementTimeoutMs}ms'`
  );
}
