import { setTimeout as delay } from "node:timers/promises";
import { type DataSource, MigrationExecutor, type QueryRunner } from "typeorm";

import { openDataSource } from "./data-source";

export interface MigrateOptions {
  /** Told why it takes long; again every half minute. */
  onWait?(text: string): void;
  isCancelled?(): boolean;
}

/** Any number will do, as long as nobody else in the database uses it. */
const MIGRATION_LOCK = 7_266_385;
/** A migration may rewrite a table. */
const MIGRATION_TIMEOUT_MS = 600_000;
const RETRY_MS = 250;
const TELL_EVERY_MS = 30_000;

/**
 * Runs the migrations that have not run, all or none. Two nodes that start at the same moment wait for each other.
 *
 * Lock, settings and migrations are one transaction on one connection: a pooler may give each transaction another one, and
 * what belongs to a session would stay behind in its pool.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<string[]> {
  const { onWait = () => {}, isCancelled = () => false } = options;
  const dataSource = await openDataSource({ url, poolSize: 1, statementTimeoutMs: MIGRATION_TIMEOUT_MS });
  try {
    for (let toldAtMs = Number.NEGATIVE_INFINITY; ; ) {
      const result = await migrateIfFree(dataSource);
      if ("ran" in result) {
        return result.ran;
      }
      if (isCancelled()) {
        throw new Error("The start was cancelled.");
      }
      if (performance.now() - toldAtMs >= TELL_EVERY_MS) {
        toldAtMs = performance.now();
        onWait(`Waiting for the lock under which the schema is changed. ${result.holder}`);
      }
      await delay(RETRY_MS * (0.5 + Math.random()));
    }
  } finally {
    await dataSource.destroy();
  }
}

async function migrateIfFree(dataSource: DataSource): Promise<{ ran: string[] } | { holder: string }> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query(`SELECT set_config('statement_timeout', '${MIGRATION_TIMEOUT_MS}', true),
      set_config('lock_timeout', '2s', true), set_config('idle_in_transaction_session_timeout', '0', true)`);
    const [{ isFree }] = await runner.query('SELECT pg_try_advisory_xact_lock($1) AS "isFree"', [MIGRATION_LOCK]);
    if (!isFree) {
      const holder = await describeHolder(runner);
      await runner.rollbackTransaction();
      return { holder };
    }
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = "all";
    const ran = await executor.executePendingMigrations();
    await runner.commitTransaction();
    return { ran: ran.map(({ name }) => name) };
  } catch (error) {
    await runner.rollbackTransaction().catch(() => {
      // The connection is gone, and with it the transaction.
    });
    throw error;
  } finally {
    await runner.release();
  }
}

async function describeHolder(runner: QueryRunner): Promise<string> {
  const [holder] = await runner.query(
    `SELECT pid, application_name AS application, client_addr AS address, state, xact_start AS since
     FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND classid = 0 AND objid = $1 AND granted LIMIT 1`,
    [MIGRATION_LOCK],
  );
  return holder ? `It is held in Postgres by process ${holder.pid}: ${JSON.stringify(holder)}` : "";
}
