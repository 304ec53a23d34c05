import { Client } from "pg";
import type { DataSource } from "typeorm";

import { createDataSource } from "../../src/database/data-source";
import { migrate } from "../../src/database/migrate";
import { MessageRepository } from "../../src/repositories/message-repository";
import { createTestDatabase, queryRows, type TestDatabase } from "../../src/testing/test-database";
import { newMessage } from "../support/new-message";

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  dataSource = createDataSource({ url: database.url });
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

/** Everything of ours that the database holds, apart from rows. */
function readSchema(): Promise<object[]> {
  return queryRows(
    database.url,
    `SELECT 'column' AS kind, table_name || '.' || column_name AS name,
       concat_ws(' ', data_type, udt_name, is_nullable, column_default, is_identity) AS detail
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'migrations'
     UNION ALL
     SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND conrelid <> 'migrations'::regclass
     UNION ALL
     SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'migrations'
     UNION ALL
     SELECT 'function', proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     ORDER BY 1, 2`,
  );
}

it("make the schema of the entities, and nothing that they do not know", async () => {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();

  expect(upQueries.map(({ query }) => query)).toEqual([]);
});

it("go down to nothing, and up to the same again", async () => {
  const before = await readSchema();
  expect(before.length).toBeGreaterThan(30);
  for (const _ of dataSource.migrations) {
    await dataSource.undoLastMigration();
  }
  expect(await readSchema()).toEqual([]);

  await migrate(database.url);

  expect(await readSchema()).toEqual(before);
  const messages = new MessageRepository(dataSource, dataSource);
  expect(await messages.append([newMessage()])).toMatchObject([{ status: "stored", seq: 1 }]);
});

it("run once when several nodes start at the same moment", async () => {
  const empty = await createTestDatabase();
  try {
    await queryRows(empty.url, "DROP SCHEMA public CASCADE");
    await queryRows(empty.url, "CREATE SCHEMA public");
    const ran = await Promise.all([migrate(empty.url), migrate(empty.url), migrate(empty.url)]);

    expect(ran.flat()).toHaveLength(dataSource.migrations.length);
  } finally {
    await empty.drop();
  }
});

it("wait for another process that changes the schema, say so with its number, and give up when they are told to", async () => {
  const session = new Client({ connectionString: database.url });
  await session.connect();
  const { rows } = await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid, pg_advisory_lock(7266385)");
  const told: string[] = [];
  let isCancelled = false;
  const waiting = migrate(database.url, {
    onWait(text) {
      told.push(text);
      void session.query("SELECT pg_advisory_unlock(7266385)");
    },
  });

  expect(await waiting).toEqual([]);
  expect(told).toEqual([expect.stringContaining(`process ${rows[0]?.pid}`)]);

  await session.query("SELECT pg_advisory_lock(7266385)");
  const cancelled = migrate(database.url, {
    onWait: () => {
      isCancelled = true;
    },
    isCancelled: () => isCancelled,
  });
  await expect(cancelled).rejects.toThrow("cancelled");
  await session.end();
});
