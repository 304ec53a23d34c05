import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";

import { openDataSource } from "../database/data-source";
import { readDeploymentId } from "../database/deployment-id";
import { EmbeddedPostgres } from "../database/embedded-postgres";

/** A database for one test server, gone when it is dropped. */
export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** Names a Postgres in which test databases are made, so that not each brings a Postgres of its own. */
export const TEST_POSTGRES_VARIABLE = "ROOMFUL_TEST_POSTGRES_URL";
/** A migrated database in that Postgres to copy, if there is one. */
export const TEMPLATE_DATABASE = "roomful_template";

const MAX_CONNECTIONS = 200;

/** Makes an empty database: in the named Postgres, or in one of its own, which is fast and forgets all at a crash. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const shared = process.env[TEST_POSTGRES_VARIABLE];
  return shared ? createDatabaseIn(shared) : startThrowawayPostgres();
}

/** A whole Postgres for tests, in a temporary folder. */
export async function startThrowawayPostgres(): Promise<TestDatabase & { pid: number }> {
  const dataDir = await makeDataDir();
  const postgres = new EmbeddedPostgres({ dataDir, isThrowaway: true, maxConnections: MAX_CONNECTIONS });
  await postgres.start();
  return {
    url: postgres.url,
    pid: postgres.pid,
    async drop() {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A data folder in the system's temporary one, that another user's Postgres can reach when this process is root's. */
export async function makeDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), "roomful-test-"));
  await chmod(dataDir, 0o755);
  return dataDir;
}

/** Runs statements on the database at `url`, one after the other. */
export function runStatements(url: string, statements: readonly string[]): Promise<void> {
  return withClient(url, async (client) => {
    for (const statement of statements) {
      await client.query(statement);
    }
  });
}

/** Runs one statement, and answers its rows. */
export function queryRows<Row extends object>(
  url: string,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<Row>(sql, [...parameters]);
    return rows;
  });
}

/** By which the nodes of a migrated database know each other. */
export async function deploymentIdOf(url: string): Promise<string> {
  const dataSource = await openDataSource({ url });
  try {
    return await readDeploymentId(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

async function withClient<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function createDatabaseIn(postgresUrl: string): Promise<TestDatabase> {
  const name = `roomful_test_${randomBytes(6).toString("hex")}`;
  await runStatements(postgresUrl, [`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE}`]);
  const url = new URL(postgresUrl);
  url.pathname = name;
  return { url: url.href, drop: () => runStatements(postgresUrl, [`DROP DATABASE ${name} WITH (FORCE)`]) };
}
