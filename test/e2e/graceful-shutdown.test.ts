import { randomUUID } from "node:crypto";
import { Client } from "pg";

import { createConfig, createRoomful } from "../../src";
import { startTestServer, type TestClient } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import { callApi } from "../support/api-client";
import { refusalOf } from "../support/refusal";

it("drains under load: tells everybody, refuses what is new, stores what was taken, and lets clients come back", async () => {
  const server = await startTestServer({ config: { writeBuffer: { flushIntervalMs: 40 } } });
  const clients = await Promise.all(
    Array.from({ length: 10 }, (_, index) => server.connect({ userId: `user-${index}`, rooms: ["a", "b"] })),
  );
  await Promise.all(clients.map((client) => client.waitFor("room_state", ({ room }) => room === "b")));
  const ends = clients.map((client) => client.disconnected());
  const outcomes = { stored: new Map<string, number>(), refused: 0 };
  let isOver = false;
  const load = clients.map((client, index) => sendUntil(client, index % 2 ? "a" : "b", outcomes, () => isOver));
  await Promise.all(clients.map((client) => client.waitFor("message", ({ type }) => type === "text")));

  const stopping = server.drain();
  const { reconnectAfterMs } = await (clients[0] as TestClient).waitFor("draining");
  const late = refusalOf(server.connect({ userId: "late" })).catch(() => undefined);
  await Promise.all(ends);
  isOver = true;
  await Promise.all(load);
  await stopping;

  expect(reconnectAfterMs).toBeGreaterThanOrEqual(0);
  expect(reconnectAfterMs).toBeLessThanOrEqual(5_000);
  // Refused with the reason, or the port was closed already.
  expect([undefined, "DRAINING"]).toContain((await late)?.code);
  // The client comes back by itself after these, as it does not after Socket.IO's own disconnect.
  expect(new Set(await Promise.all(ends))).toEqual(new Set(["transport close"]));
  expect(outcomes.refused).toBeGreaterThan(0);
  const table = await readTable(server.database);
  expect(new Map(table.map(({ id, seq }) => [id, seq]))).toEqual(outcomes.stored);
  await server.close();
});

it("refuses sends while it drains, with DRAINING and a time to wait", async () => {
  const server = await startTestServer();
  const alice = await server.connect({ userId: "alice", rooms: ["a"] });
  await alice.waitFor("room_state");
  const letGo = await holdWrites(server.database);
  const before = alice.emitWithAck("message", { room: "a", content: "before" });
  await alice.waitFor("message", ({ content }) => content === "before");
  const stopping = server.drain();
  await alice.waitFor("draining");

  expect(await alice.emitWithAck("message", { room: "a", content: "after" })).toMatchObject({
    ok: false,
    error: { code: "DRAINING", retryable: true, retryAfterMs: expect.any(Number) },
  });
  await letGo();
  expect(await before).toMatchObject({ ok: true });
  await stopping;
  await server.close();
});

it("stops in order when it is told to during its start, and twice", async () => {
  const server = await startTestServer();
  const roomful = createRoomful(
    createConfig({
      mode: "test",
      http: { port: 0, host: "127.0.0.1" },
      database: { url: server.database, allowUnsafeDurability: true },
      jwt: { secret: [randomUUID() + randomUUID()] },
      log: { level: "silent" },
    }),
  );
  const starting = roomful.start();
  await Promise.all([roomful.stop(), roomful.stop()]);
  await starting;

  expect(roomful.running).toEqual([]);
  await server.close();
});

/** Nothing is written, and a drain goes on, until it is let go. */
async function holdWrites(database: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: database });
  await client.connect();
  await client.query("BEGIN");
  await client.query("LOCK TABLE messages IN EXCLUSIVE MODE");
  return () => client.end();
}

async function sendUntil(
  client: TestClient,
  room: string,
  outcomes: { stored: Map<string, number>; refused: number },
  isOver: () => boolean,
): Promise<void> {
  while (!isOver() && client.socket.connected) {
    const id = randomUUID();
    // Cut before its answer: it was refused, or is not known to be.
    const reply = await client.emitWithAck("message", { room, id, content: "under load" }).catch(() => undefined);
    if (!reply) {
      return;
    }
    if (reply.ok) {
      outcomes.stored.set(id, reply.data.seq);
    } else {
      outcomes.refused += 1;
    }
  }
}

it("answers calls of the HTTP API for what it has admitted, and refuses the others, while it drains", async () => {
  const server = await startTestServer();
  const alice = await server.connect({ userId: "alice", rooms: ["a"] });
  await alice.waitFor("room_state");
  const letGo = await holdWrites(server.database);
  const message = { body: { userId: "bot", content: "before", id: randomUUID() } };
  const before = callApi(server, "POST", "/v1/rooms/a/messages", message);
  await alice.waitFor("message", ({ content }) => content === "before");
  const stopping = server.drain();
  await alice.waitFor("draining");

  const after = { body: { userId: "bot", content: "after" } };
  const event = { event: "x", data: 1 };
  for (const [method, path, request] of [
    ["POST", "/v1/rooms/a/messages", after],
    ["POST", "/v1/rooms/a/events", { body: event }],
    ["GET", "/v1/rooms", {}],
  ] as const) {
    const refused = await callApi(server, method, path, request);
    expect([refused.status, refused.body["code"]]).toEqual([503, "DRAINING"]);
  }
  const commands = [
    { command: "message", room: "a", ...message },
    { command: "message", room: "a", ...after },
    { command: "room_event", room: "a", body: event },
  ];
  const batch = callApi<{ results: { status: number }[] }>(server, "POST", "/v1/batch", { body: { commands } });

  // Its requests are there by then: this one comes after them.
  await callApi(server, "GET", "/v1/rooms");
  await letGo();

  expect((await before).body).toMatchObject({ seq: 1, duplicate: false });
  // What is under way is answered whoever asks.
  expect((await batch).body.results.map(({ status }) => status)).toEqual([201, 503, 503]);
  await stopping;
  await server.close();
});
