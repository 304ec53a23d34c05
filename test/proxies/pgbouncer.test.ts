import { Client } from "pg";

import { createConfig } from "../../src/config/load-config";
import { OUTBOX_CHANNEL } from "../../src/database/migrations/drain-outbox";
import { openDatabase } from "../../src/database/open-database";
import { systemClock } from "../../src/lifecycle/clock";
import { OutboxListener } from "../../src/outbox/outbox-listener";
import { publishInTransaction } from "../../src/publisher";
import { startTestServer, type TestServer } from "../../src/testing";
import { createTestDatabase, queryRows, type TestDatabase } from "../../src/testing/test-database";
import { type RunningPgBouncer, startPgBouncer } from "../support/pgbouncer";

let database: TestDatabase;
let pgBouncer: RunningPgBouncer;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await pgBouncer.stop();
  await database.drop();
});

async function publish(room: string, content: string): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query("BEGIN");
  await publishInTransaction(client, { room, userId: "billing", content });
  await client.query("COMMIT");
  await client.end();
}

describe.each([
  ["refuses settings of a session", []],
  [
    "swallows settings of a session",
    ["ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout"],
  ],
])("behind a PgBouncer in transaction mode that %s", (_how, settings) => {
  let server: TestServer | undefined;
  beforeEach(async () => {
    pgBouncer = await startPgBouncer(database.url, settings);
  });
  afterEach(() => server?.close());

  it("makes the schema, stores, answers and hears, over ten restarts of nodes by turns, and leaves no lock", async () => {
    await queryRows(database.url, "DROP SCHEMA public CASCADE");
    await queryRows(database.url, "CREATE SCHEMA public");
    server = await startTestServer({
      ...{ database: pgBouncer.urlOf(database.url), nodes: 2 },
      config: {
        database: { directUrl: database.url },
        // What is published arrives because it is heard.
        outbox: { pollIntervalMs: 3_600_000 },
        shutdown: { reconnectSpreadMs: 0 },
      },
    });
    const numbers: number[] = [];
    for (let restart = 0; restart <= 10; restart += 1) {
      const [steady, going] = restart % 2 === 0 ? [0, 1] : [1, 0];
      const alice = await (server.nodes[steady] ?? server).connect({ userId: "alice", rooms: ["a"] });
      await alice.waitFor("room_state");
      if (restart > 0) {
        const restarted = server.nodes[going]?.restart();
        numbers.push((await alice.call("message", { room: "a", content: `during ${restart}` })).seq);
        await restarted;
      }
      numbers.push((await alice.call("message", { room: "a", content: `after ${restart}` })).seq);
      await publish("a", `published ${restart}`);
      numbers.push((await alice.waitFor("message", ({ content }) => content === `published ${restart}`)).seq ?? 0);
      alice.close();
    }
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(await queryRows(database.url, "SELECT FROM pg_locks WHERE locktype = 'advisory'")).toEqual([]);
    await server.expectRoomConsistent("a");
  });

  it("lets a room that somebody holds wait alone, as without it", async () => {
    server = await startTestServer({ database: pgBouncer.urlOf(database.url) });
    const alice = await server.connect({ userId: "alice", rooms: ["held", "b", "c", "d"] });
    await alice.call("message", { room: "held", content: "1" });
    const session = new Client({ connectionString: database.url });
    await session.connect();
    await session.query("BEGIN");
    await session.query("SELECT FROM rooms WHERE name = 'held' FOR UPDATE");

    const held = alice.call("message", { room: "held", content: "2" });
    for (const room of ["b", "c", "d"]) {
      expect(await alice.call("message", { room, content: "beside" })).toMatchObject({ seq: 1 });
    }
    const api = await fetch(new URL("/v1/rooms/held", server.url), {
      method: "PUT",
      headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ delivery: "strict" }),
    });
    expect(api.status).toBe(503);
    await session.end();

    expect(await held).toMatchObject({ seq: 2 });
  });

  it("says that statements are not ended, and how to end them", async () => {
    const open = async (): Promise<string[]> => {
      const warnings: string[] = [];
      const opened = await openDatabase({
        config: createConfig({ database: { url: pgBouncer.urlOf(database.url), allowUnsafeDurability: true } })
          .database,
        writers: 1,
        onProgress: () => {},
        onWarning: (text) => warnings.push(text),
        isCancelled: () => false,
      });
      await opened.close();
      return warnings.filter((text) => text.includes("statement"));
    };
    const [warning] = await open();
    const statement = /ALTER ROLE .*$/.exec(warning ?? "")?.[0] ?? "";
    expect(statement).toMatch(/SET statement_timeout = '5000ms'$/);

    await queryRows(database.url, statement);
    await pgBouncer.stop();
    pgBouncer = await startPgBouncer(database.url, settings);

    expect(await open()).toEqual([]);
  });
});

it("says that nothing is heard through a PgBouncer in transaction mode, and nothing where it is", async () => {
  pgBouncer = await startPgBouncer(database.url);
  for (const [url, isHeard] of [
    [pgBouncer.urlOf(database.url), false],
    [database.url, true],
  ] as const) {
    let wakes = 0;
    const down = new Promise<unknown>((resolve) => {
      const listener = new OutboxListener({
        ...{ url, channel: OUTBOX_CHANNEL, connectTimeoutMs: 3_000, clock: systemClock, random: () => 0 },
        onWake() {
          wakes += 1;
          if (isHeard && wakes === 2) {
            void listener.stop().then(() => resolve(undefined));
          }
        },
        onDown: (error) => void listener.stop().then(() => resolve(error)),
        notify: (channel) => queryRows(url, "SELECT pg_notify($1, '')", [channel]),
      });
      void listener.start().then(() => queryRows(url, `NOTIFY ${OUTBOX_CHANNEL}`));
    });

    expect(await down).toEqual(
      isHeard
        ? undefined
        : expect.objectContaining({ message: expect.stringContaining("ROOMFUL_DATABASE_DIRECT_URL") }),
    );
  }
});
