import type { Pool, QueryResultRow } from "pg";
import type { DataSource } from "typeorm";

/**
 * Runs one statement on the data source's pool. Not `dataSource.query`: that gives the connection back even when
 * the driver has only stopped waiting for it, and the next statement would queue behind the one that hangs.
 * pg's own pool destroys a connection whose statement failed.
 */
export async function query<Row extends QueryResultRow>(
  dataSource: DataSource,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const { master } = dataSource.driver as unknown as { master?: Pool };
  if (!master) {
    throw new Error("the data source is not connected");
  }
  const { rows } = await master.query<Row>(sql, [...parameters]);
  return rows;
}
