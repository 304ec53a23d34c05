import { randomBytes } from "node:crypto";
import { Client } from "pg";

import { PostgresProbe } from "../../src/database/postgres-probe";
import { createTestDatabase, queryRows, runStatements, type TestDatabase } from "../../src/testing/test-database";

const SAME = { isAnotherHistory: false };
const ANOTHER = { isAnotherHistory: true };

let database: TestDatabase;
const probes: PostgresProbe[] = [];
const sessions: Client[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) {
    await session.end();
  }
  for (const probe of probes.splice(0)) {
    await probe.close();
  }
  await database.drop();
});

function createProbe(url = database.url): PostgresProbe {
  const probe = new PostgresProbe({ url, connectTimeoutMs: 10_000 });
  probes.push(probe);
  return probe;
}

/** A session whose open transaction holds every row of the table. */
async function holdRows(): Promise<Client> {
  const session = new Client({ connectionString: database.url });
  await session.connect();
  sessions.push(session);
  await session.query("BEGIN");
  await session.query("SELECT FROM probes FOR UPDATE");
  return session;
}

const rows = () => queryRows<{ count: string }>(database.url, "SELECT count FROM probes");

it("finds the same Postgres again, write by write, and leaves nothing behind", async () => {
  const [probe, other] = [createProbe(), createProbe()];
  // Not awaited: a write that comes meanwhile waits for it.
  const opening = probe.open();
  for (let turn = 0; turn < 3; turn += 1) {
    expect([await probe.write(), await other.write(), await probe.read()]).toEqual([SAME, SAME, SAME]);
  }
  await opening;
  expect(await rows()).toEqual([{ count: "3" }, { count: "3" }]);
  await probe.close();
  await other.close();

  expect(await rows()).toEqual([]);
});

it("sees that an earlier state has come back, once, by its own count", async () => {
  const probe = createProbe();
  await probe.write();
  await probe.write();
  await queryRows(database.url, "UPDATE probes SET count = 1");
  expect(await probe.write()).toEqual(ANOTHER);
  expect(await probe.write()).toEqual(SAME);

  await queryRows(database.url, "DELETE FROM probes");
  expect(await probe.write()).toEqual(ANOTHER);
});

it("does without the timeline where its role may not ask for it", async () => {
  const role = `app_${randomBytes(6).toString("hex")}`;
  const url = new URL(database.url);
  await runStatements(database.url, [
    "REVOKE EXECUTE ON FUNCTION pg_walfile_name(pg_lsn) FROM PUBLIC",
    `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON probes TO ${role}`,
  ]);
  url.username = role;
  url.password = "secret";
  try {
    const [probe, reader] = [createProbe(url.href), createProbe(url.href)];
    expect([await probe.write(), await probe.write(), await probe.read(), await reader.read()]).toEqual([
      ...[SAME, SAME, SAME, SAME],
    ]);
    await queryRows(database.url, "UPDATE probes SET count = 0");
    expect(await probe.write()).toEqual(ANOTHER);
    await probe.close();
  } finally {
    await runStatements(database.url, [`DROP OWNED BY ${role}`, `DROP ROLE ${role}`]);
  }
});

it("does not wait for a lock for longer than a second, and writes again afterwards", async () => {
  const probe = createProbe();
  await probe.write();
  const session = await holdRows();
  await expect(probe.write()).rejects.toMatchObject({ code: "55P03" });
  await session.query("ROLLBACK");

  expect(await probe.write()).toEqual(SAME);
});

it("ends a write that hangs, and makes the next one on a new connection", async () => {
  const probe = createProbe();
  await probe.write();
  const session = await holdRows();
  const hanging = probe.write();
  probe.abandon();
  await expect(hanging).rejects.toThrow();
  await session.query("ROLLBACK");

  expect(await probe.write()).toEqual(SAME);
});
