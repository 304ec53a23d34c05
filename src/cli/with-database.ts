import type { DataSource } from "typeorm";

import type { RoomfulConfig } from "../config/config";
import { openDataSource } from "../database/data-source";
import { EmbeddedPostgres } from "../database/embedded-postgres";
import { migrate } from "../database/migrate";

/**
 * Runs some work on the configured Postgres, migrated. An embedded one is started for it; where a service
 * runs it already, the work is done beside the service.
 */
export async function withDatabase<Result>(
  { url, dataDir }: RoomfulConfig["database"],
  work: (dataSource: DataSource, migrated: readonly string[]) => Promise<Result>,
): Promise<Result> {
  if (url !== undefined) {
    return withUrl(url, work);
  }
  const embedded = new EmbeddedPostgres({ dataDir });
  const servedUrl = await embedded.findServed();
  if (servedUrl !== undefined) {
    return withUrl(servedUrl, work);
  }
  await embedded.start();
  try {
    return await withUrl(embedded.url, work);
  } finally {
    await embedded.stop();
  }
}

async function withUrl<Result>(
  url: string,
  work: (dataSource: DataSource, migrated: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const migrated = await migrate(url, { onWait: (text) => process.stderr.write(`${text}\n`) });
  const dataSource = await openDataSource({ url });
  try {
    return await work(dataSource, migrated);
  } finally {
    await dataSource.destroy();
  }
}
