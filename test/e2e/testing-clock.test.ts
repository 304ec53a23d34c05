import { randomUUID } from "node:crypto";

import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { queryRows } from "../../src/testing/test-database";
import { callApi } from "../support/api-client";

/**
 * Waits that no test wants to sit through: each is far longer here than a test may last, so that only the clock can
 * have ended it. Typing, presence, tokens, rates and the looks at the table have tests of their own.
 */
const HOUR_MS = 3_600_000;
/** Shorter: while Postgres is away, each of the batch's attempts in the time that is skipped is a real one. */
const MAX_AGE_MS = 120_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    config: {
      connections: { disconnectMemoryMs: HOUR_MS },
      outbox: { pollIntervalMs: HOUR_MS },
      writeBuffer: { storedIntervalMs: HOUR_MS, maxAgeMs: MAX_AGE_MS },
    },
  });
});
afterAll(() => server.close());

/** With a token that outlives what is skipped. */
async function enter(userId: string, room: string): Promise<TestClient> {
  const client = await server.connect({ userId, rooms: [room], claims: { ttlMs: 24 * HOUR_MS } });
  await client.waitFor("room_state");
  return client;
}

it("moves the gathering of numbers", async () => {
  const alice = await enter("alice", "numbers");
  const { id } = await alice.call("message", { room: "numbers", content: "one" });
  await alice.expectNone("stored");

  await server.clock.advance(HOUR_MS);

  expect((await alice.waitFor("stored")).runs).toEqual([{ from: 1, items: [["alice", id]] }]);
});

it("moves the memory of why a connection was ended", async () => {
  const [early, late] = [await server.connect({ userId: "eve" }), await server.connect({ userId: "eve" })];
  await server.tokens.expire("eve");
  await Promise.all([early, late].map((client) => client.disconnected()));
  await server.clock.advance(HOUR_MS - 60_000);
  const remembered = await server.connect({ userId: "eve", lastSocketId: early.welcome.socketId });
  expect(remembered.welcome.lastDisconnect).toMatchObject({ code: "TOKEN_EXPIRED" });

  await server.clock.advance(60_000);

  const forgotten = await server.connect({ userId: "eve", lastSocketId: late.welcome.socketId });
  expect(forgotten.welcome).not.toHaveProperty("lastDisconnect");
});

it("moves the look into the outbox", async () => {
  const bob = await enter("bob", "outbox");
  // A committed row that nobody was woken for.
  await queryRows(server.database, "ALTER TABLE outbox DISABLE TRIGGER ALL");
  await queryRows(
    server.database,
    `INSERT INTO outbox (namespace, room, message_id, user_id, username, color, type, content)
     VALUES ('/', 'outbox', $1, 'billing', 'Billing', '#000000', 'text', 'paid')`,
    [randomUUID()],
  );
  await bob.expectNone("message", ({ userId }) => userId === "billing");

  await server.clock.advance(HOUR_MS);

  await bob.waitFor("message", ({ content }) => content === "paid");
});

it("moves the sweep of idempotency keys that have expired", async () => {
  const body = { userId: "bot", content: "once" };
  await callApi(server, "POST", "/v1/rooms/sweep/messages", { body, headers: { "idempotency-key": "k" } });
  await queryRows(server.database, "UPDATE idempotency_keys SET expires_at = now() - interval '1 second'");

  await server.clock.advance(600_000);

  while ((await queryRows(server.database, "SELECT 1 FROM idempotency_keys")).length > 0) {
    // The sweep is on its way to Postgres.
  }
});

it("moves the age of the write buffer, and the wait of a refused sender", async () => {
  const alice = await enter("alice", "full");
  await server.postgres.down();
  const stored = alice.call("message", { room: "full", content: "kept" });
  await alice.waitFor("message", ({ content }) => content === "kept");

  await server.clock.advance(MAX_AGE_MS);

  const refused = await alice.emitWithAck("message", { room: "full", content: "refused" });
  expect(refused).toMatchObject({ ok: false, error: { code: "OVERLOADED" } });
  await server.postgres.up();
  // The next try of the batch is due.
  await server.clock.advance(60_000);
  expect((await stored).seq).toBe(1);
  expect((await alice.call("message", { room: "full", content: "again" })).seq).toBe(2);
  // Its number is told an hour later.
  await server.clock.advance(HOUR_MS);
  await server.expectRoomConsistent("full");
});
