import { Client } from "pg";
import type { DataSource } from "typeorm";

import { createDataSource } from "../../src/database/data-source";
import { migrate } from "../../src/database/migrate";
import { IdempotencyRepository } from "../../src/repositories/idempotency-repository";
import { createTestDatabase, queryRows, type TestDatabase } from "../../src/testing/test-database";

let database: TestDatabase;
let dataSource: DataSource;
let calls: IdempotencyRepository;
beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  dataSource = createDataSource({ url: database.url, poolSize: 8 });
  await dataSource.initialize();
  calls = new IdempotencyRepository(dataSource);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(() => queryRows(database.url, "DELETE FROM idempotency_keys"));

const ONE = { key: "one", requestHash: "a" };
const IN_FLIGHT = { state: "in_flight", retryAfterMs: expect.any(Number) };

async function begin(...wanted: { key: string; requestHash: string }[]): Promise<string> {
  const [state] = await calls.begin("shop", wanted);
  if (state?.state !== "begun") {
    throw new Error(`it was not begun: ${state?.state}`);
  }
  return state.lease;
}

it("lets one do a call, and tells the others to wait until it says how it ended", async () => {
  const lease = await begin(ONE);

  const [waiting] = await calls.begin("shop", [ONE]);
  expect(waiting).toEqual(IN_FLIGHT);
  expect(waiting?.state === "in_flight" && waiting.retryAfterMs).toBeGreaterThan(25_000);

  await calls.finish("shop", lease, [{ key: "one", answer: { accepted: true } }]);
  expect(await calls.begin("shop", [ONE])).toEqual([{ state: "done", answer: { accepted: true } }]);
});

it("lets exactly one of many do a call that they begin at one moment", async () => {
  const states = (await Promise.all(Array.from({ length: 20 }, () => calls.begin("shop", [ONE])))).flat();

  expect(states.filter(({ state }) => state === "begun")).toHaveLength(1);
  expect(states.filter(({ state }) => state === "in_flight")).toHaveLength(19);
});

it("answers each of many calls, in their order", async () => {
  const lease = await begin(ONE);
  await calls.finish("shop", lease, [{ key: "one", answer: { n: 1 } }]);
  await begin({ key: "two", requestHash: "b" });

  const states = await calls.begin("shop", [
    { key: "three", requestHash: "c" },
    { key: "two", requestHash: "b" },
    { key: "two-b", requestHash: "b" },
    { key: "one", requestHash: "other" },
    ONE,
  ]);

  expect(states).toEqual([
    { state: "begun", lease: expect.any(String) },
    IN_FLIGHT,
    { state: "begun", lease: expect.any(String) },
    { state: "conflict" },
    { state: "done", answer: { n: 1 } },
  ]);
});

it("keeps the keys of callers apart", async () => {
  await begin(ONE);

  expect(await calls.begin("till", [ONE])).toEqual([{ state: "begun", lease: expect.any(String) }]);
});

it("gives a call to another run when the lease of the first has ended, which then has no say", async () => {
  const dead = await begin(ONE);
  await queryRows(database.url, "UPDATE idempotency_keys SET leased_until = now()");

  expect(await calls.begin("shop", [{ ...ONE, requestHash: "other" }])).toEqual([{ state: "conflict" }]);
  const lease = await begin(ONE);
  await calls.finish("shop", dead, [{ key: "one", answer: { by: "the dead" } }]);
  await calls.release("shop", dead, ["one"]);
  expect(await calls.begin("shop", [ONE])).toEqual([IN_FLIGHT]);

  await calls.finish("shop", lease, [{ key: "one", answer: { by: "the other" } }]);
  expect(await calls.begin("shop", [ONE])).toEqual([{ state: "done", answer: { by: "the other" } }]);
});

it("lets a call that was not done be tried again, with other content too", async () => {
  const lease = await begin(ONE);
  await calls.release("shop", lease, ["one"]);

  await begin({ ...ONE, requestHash: "other" });
});

it("forgets after a day, and removes what has expired and nothing else", async () => {
  const lease = await begin(ONE, { key: "two", requestHash: "b" });
  await calls.finish("shop", lease, [{ key: "one", answer: {} }]);
  const [{ hours } = { hours: 0 }] = await queryRows<{ hours: number }>(
    database.url,
    "SELECT round(extract(epoch FROM max(expires_at) - now()) / 3600)::int AS hours FROM idempotency_keys",
  );
  expect(hours).toBe(24);
  await queryRows(database.url, "UPDATE idempotency_keys SET expires_at = now() WHERE key = 'one'");

  await begin({ ...ONE, requestHash: "of another day" });
  await queryRows(database.url, "UPDATE idempotency_keys SET expires_at = now() WHERE key = 'one'");
  await calls.removeExpired();

  expect(await queryRows(database.url, "SELECT key FROM idempotency_keys")).toEqual([{ key: "two" }]);
});

it("does not wait for a call that another one holds when it removes what has expired", async () => {
  await begin(ONE, { key: "two", requestHash: "b" });
  await queryRows(database.url, "UPDATE idempotency_keys SET expires_at = now()");
  const other = new Client({ connectionString: database.url });
  await other.connect();
  try {
    await other.query("BEGIN");
    await other.query("SELECT FROM idempotency_keys WHERE key = 'one' FOR UPDATE");
    await calls.removeExpired();
    expect(await queryRows(database.url, "SELECT key FROM idempotency_keys")).toEqual([{ key: "one" }]);
    await other.query("COMMIT");
  } finally {
    await other.end();
  }
  await calls.removeExpired();
  expect(await queryRows(database.url, "SELECT key FROM idempotency_keys")).toEqual([]);
});
