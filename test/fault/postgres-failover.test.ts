import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { startTestServer, type TestServer } from "../../src/testing";
import { FaultProxy, type TestAddress } from "../../src/testing/fault-proxy";
import { queryRows, runStatements, startThrowawayPostgres } from "../../src/testing/test-database";
import { pausePostgres } from "../support/pause-postgres";
import { type Standby, startStandby } from "../support/standby";

let postgres: Awaited<ReturnType<typeof startThrowawayPostgres>>;
let address: FaultProxy;
let target: TestAddress;
let server: TestServer;

const addressOf = (url: string): TestAddress => ({ host: new URL(url).hostname, port: Number(new URL(url).port) });

beforeEach(async () => {
  postgres = await startThrowawayPostgres();
  target = addressOf(postgres.url);
  // The address that stays the same when another Postgres takes over.
  address = await FaultProxy.start({ target: () => target });
  const url = new URL(postgres.url);
  url.port = String(address.address.port);
  server = await startTestServer({
    database: url.href,
    // Longer than any test: what hangs is not ended by a timeout.
    config: { database: { probeIntervalMs: 100, statementTimeoutMs: 600_000 }, writeBuffer: { maxAgeMs: 600_000 } },
  });
});
afterEach(async () => {
  await server.close();
  await address.close();
  await postgres.drop();
});

/** What `/readyz` calls degraded, as soon as it is that. */
async function degraded(expected: string[]): Promise<void> {
  for (;;) {
    const answer = await fetch(new URL("/readyz", server.url));
    const body = (await answer.json()) as { degraded: string[] };
    expect(answer.status).toBe(200);
    if (JSON.stringify(body.degraded) === JSON.stringify(expected)) {
      return;
    }
    await delay(20);
  }
}

const isUp = async (): Promise<boolean> =>
  (await (await fetch(new URL("/metrics", server.url))).text()).includes("roomful_postgres_up 1\n");

it("says that Postgres is read-only, and that it does not commit; pages are read meanwhile", async () => {
  const alice = await server.connect({ userId: "alice", rooms: ["a"] });
  await alice.call("message", { room: "a", content: "1" });
  const set = (setting: string) =>
    runStatements(postgres.url, [
      "SET synchronous_commit = local",
      "SET default_transaction_read_only = off",
      `ALTER SYSTEM ${setting}`,
      "SELECT pg_reload_conf()",
    ]);
  for (const [setting, problem] of [
    ["default_transaction_read_only = on", "Postgres is read-only"],
    ["synchronous_standby_names = 'nobody'", "Postgres does not commit"],
  ] as const) {
    await set(`SET ${setting}`);
    await degraded([problem]);
    expect(await isUp()).toBe(false);
    const page = await alice.call("history", { room: "a" });
    expect(page.messages[0]?.content).toBe("1");

    await set(`RESET ${setting.split(" ")[0]}`);
    await degraded([]);
    expect(await isUp()).toBe(true);
  }
  expect(await alice.call("message", { room: "a", content: "2" })).toMatchObject({ seq: 2 });
});

describe("another Postgres that takes over at the same address", () => {
  let standby: Standby;
  beforeEach(async () => {
    standby = await startStandby(postgres.url);
  });
  afterEach(() => standby.drop());

  /** The connections are lost, and new ones lead to it. */
  function takeOver(): void {
    target = addressOf(standby.url);
    address.cut();
    address.resume();
  }

  it("is noticed where nothing contradicts it: nobody is told what only the one before had", async () => {
    const alice = await server.connect({ userId: "alice", rooms: ["a"] });
    await alice.call("message", { room: "a", content: "kept" });
    await standby.caughtUp();
    await standby.detach();
    await alice.call("message", { room: "a", content: "lost" });
    await standby.promote();
    // Somebody else's node was first: the room's number is the same again.
    await queryRows(
      standby.url,
      `SELECT * FROM append_messages(ARRAY['/'], ARRAY['a'], ARRAY[$1::uuid], ARRAY['bob'], ARRAY['Bob'], ARRAY['#123456'],
         ARRAY['text'], ARRAY['other'], ARRAY[NULL::bigint], ARRAY[NULL::jsonb], ARRAY[NULL::jsonb], ARRAY[now()])`,
      [randomUUID()],
    );
    takeOver();

    for (let contents: string[] = []; contents.at(-1) !== "other"; ) {
      const newcomer = await server.connect({ userId: "newcomer" });
      const state = await newcomer.call("join", { room: "a" });
      contents = state.messages.map(({ content }) => content);
      expect(contents[0]).toBe("kept");
      newcomer.close();
      await delay(20);
    }
    expect(await alice.call("message", { room: "a", content: "next" })).toMatchObject({ seq: 3 });
    await degraded([]);
  });

  it("is written to as soon as the address leads to it, though what was asked of the one before never ends", async () => {
    const alice = await server.connect({ userId: "alice", rooms: ["a"] });
    await alice.call("message", { room: "a", content: "1" });
    await standby.caughtUp();
    const resume = pausePostgres(postgres.pid);
    const hanging = ["2", "3"].map((content) => alice.call("message", { room: "a", content }));
    await standby.promote();
    target = addressOf(standby.url);

    expect((await Promise.all(hanging)).map(({ seq }) => seq)).toEqual([2, 3]);
    expect(await alice.call("message", { room: "a", content: "4" })).toMatchObject({ seq: 4 });
    await degraded([]);
    expect((await alice.call("history", { room: "a" })).messages.map(({ content }) => content)).toEqual([
      "1",
      "2",
      "3",
      "4",
    ]);
    resume();
  });
});
