import { startTestServer, type TestServer } from "../../src/testing";

/** Nothing that the server puts together is larger than a page may be, whatever others have piled up. */

const MAX_BYTES = 262_144;
const CONTENT = "x".repeat(8_000);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    config: { database: { probeIntervalMs: 100 }, limits: { maxUnansweredSends: 0 } },
  });
});
afterAll(() => server.close());

const bytesOf = (value: object): number => Buffer.byteLength(JSON.stringify(value));

it("holds in a join and in a history page with thousands of messages that wait for Postgres", async () => {
  const writer = await server.connect({ userId: "writer" });
  await writer.call("join", { room: "general" });
  for (let sent = 0; sent < 60; sent += 20) {
    // Control characters take six bytes on the wire.
    const sending = Array.from({ length: 20 }, () => ({ room: "general", content: "\u0001".repeat(4_000) }));
    await Promise.all(sending.map((message) => writer.call("message", message)));
  }
  server.postgres.pause();
  const contents = Array.from({ length: 800 }, (_, index) => `${index} ${CONTENT}`);
  const answers = contents.map((content) => writer.emitWithAck("message", { room: "general", content }));
  await writer.waitFor("message", ({ content }) => content === contents.at(-1));
  server.postgres.resume();

  const reader = await server.connect({ userId: "reader" });
  const state = await reader.call("join", { room: "general", limit: 200 });

  expect(bytesOf(state)).toBeLessThanOrEqual(MAX_BYTES + 1_000);
  expect(state).toMatchObject({ hasMore: true });
  expect(state.messages.length).toBeGreaterThan(0);
  await Promise.all(answers);
  const page = await reader.call("history", { room: "general", after: 0, limit: 200 });
  expect(bytesOf(page)).toBeLessThanOrEqual(MAX_BYTES + 1_000);
  await reader.expectNone("closing");
});

it("lists the newest of what is pending, and says that there is more", async () => {
  const [writer, reader] = [await server.connect({ userId: "writer" }), await server.connect({ userId: "reader" })];
  await writer.call("join", { room: "pending" });
  await writer.call("message", { room: "pending", content: "stored" });
  server.postgres.pause();
  const contents = Array.from({ length: 400 }, (_, index) => `${index} ${CONTENT}`);
  const answers = contents.map((content) => writer.emitWithAck("message", { room: "pending", content }));
  await writer.waitFor("message", ({ content }) => content === contents.at(-1));

  const state = await reader.call("join", { room: "pending" });

  expect(bytesOf(state)).toBeLessThanOrEqual(MAX_BYTES);
  expect(state.hasMorePending).toBe(true);
  expect(state.pending.length).toBeGreaterThan(0);
  expect(state.pending.map(({ content }) => content)).toEqual(contents.slice(-state.pending.length));

  server.postgres.resume();
  await Promise.all(answers);
  await server.settled();
  const settled = await reader.call("join", { room: "pending" });
  expect(settled.pending).toEqual([]);
  expect(settled).not.toHaveProperty("hasMorePending");
});
