import type { DataSource } from "typeorm";

import { createDataSource } from "../../src/database/data-source";
import { readDeploymentId } from "../../src/database/deployment-id";
import { migrate } from "../../src/database/migrate";
import { createTestDatabase, queryRows, runStatements, type TestDatabase } from "../../src/testing/test-database";

let database: TestDatabase;
let sources: DataSource[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
});
afterEach(async () => {
  await Promise.all(sources.map((source) => source.destroy()));
  sources = [];
});
afterAll(() => database.drop());

async function readAt(url: string): Promise<string> {
  const source = createDataSource({ url, poolSize: 1 });
  await source.initialize();
  sources.push(source);
  return readDeploymentId(source);
}

it("is the same for every node of a database", async () => {
  const [one, two] = [await readAt(database.url), await readAt(database.url)];

  expect(one).toMatch(/^[0-9a-f]{12}$/);
  expect(two).toBe(one);
});

it("is another one in a copy of the database, as a staging system has it", async () => {
  const name = `${new URL(database.url).pathname.slice(1)}_copy`;
  await runStatements(urlOf("template1"), [
    `CREATE DATABASE ${name} TEMPLATE ${new URL(database.url).pathname.slice(1)}`,
  ]);
  try {
    const rows = await Promise.all(
      [database.url, urlOf(name)].map((url) => queryRows<{ id: string }>(url, "SELECT id FROM deployment")),
    );
    expect(rows[1]).toEqual(rows[0]);
    expect(await readAt(urlOf(name))).not.toBe(await readAt(database.url));
  } finally {
    await Promise.all(sources.map((source) => source.destroy()));
    sources = [];
    await runStatements(urlOf("template1"), [`DROP DATABASE ${name} WITH (FORCE)`]);
  }
});

it("is had where the role may not ask for the cluster, too", async () => {
  const role = `reader_${Math.random().toString(36).slice(2)}`;
  await runStatements(database.url, [
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`,
    `GRANT SELECT ON deployment TO ${role}`,
    "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
  ]);
  try {
    const url = new URL(database.url);
    [url.username, url.password] = [role, "secret"];
    expect(await readAt(url.href)).toMatch(/^[0-9a-f]{12}$/);
  } finally {
    await Promise.all(sources.map((source) => source.destroy()));
    sources = [];
    await runStatements(database.url, [
      "GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC",
      `DROP OWNED BY ${role}`,
      `DROP ROLE ${role}`,
    ]);
  }
});

function urlOf(name: string): string {
  const url = new URL(database.url);
  url.pathname = name;
  return url.href;
}
