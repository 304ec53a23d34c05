import { createDataSource } from "./data-source";

/** Any number will do, as long as nobody else in the database uses it. */
const MIGRATION_LOCK = 7_266_385;
/** A migration may rewrite a table. */
const MIGRATION_TIMEOUT_MS = 600_000;

/** Runs the migrations that have not run. Two nodes that start at the same moment wait for each other. */
export async function migrate(url: string): Promise<string[]> {
  const dataSource = createDataSource({ url, poolSize: 2, statementTimeoutMs: MIGRATION_TIMEOUT_MS });
  await dataSource.initialize();
  try {
    const lock = dataSource.createQueryRunner();
    try {
      await lock.query("SET lock_timeout = 0");
      await lock.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
      const done = await dataSource.runMigrations({ transaction: "each" });
      return done.map(({ name }) => name);
    } finally {
      await lock.query("SELECT pg_advisory_unlock($1)", [MIGRATION_LOCK]).finally(() => lock.release());
    }
  } finally {
    await dataSource.destroy();
  }
}
