import { startTestServer, type TestServer } from "../../src/testing";
import { queryRows } from "../../src/testing/test-database";
import { callApi } from "../support/api-client";

const SHOP = "s".repeat(40);
const TILL = "t".repeat(40);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ nodes: 2, config: { http: { apiKeys: [`shop:${SHOP}`, `till:${TILL}`] } } });
});
afterAll(() => server.close());

const call = (method: string, path: string, idempotencyKey: string, body?: unknown, at = 0, key = SHOP) =>
  callApi<{ code?: string; retryAfterMs?: number }>({ url: server.nodes[at]?.url ?? "" }, method, path, {
    ...{ key, body, headers: { "idempotency-key": idempotencyKey } },
  });

/** A client that counts the events of one name. */
async function counter(userId: string) {
  const client = await server.connect({ userId });
  let count = 0;
  client.socket.on("ring", () => {
    count += 1;
  });
  return {
    async count(): Promise<number> {
      await callApi(server, "POST", `/v1/users/${userId}/events`, { key: SHOP, body: { event: "end", data: 1 } });
      await client.waitFor("end");
      return count;
    },
  };
}

const RING = { event: "ring", data: { n: 1 } };

it("emits an event once for its key, whatever node is asked, and says so", async () => {
  const bell = await counter("ada");

  const first = await call("POST", "/v1/users/ada/events", "ring-1", RING);
  const again = await call("POST", "/v1/users/ada/events", "ring-1", RING, 1);

  expect([first.status, first.headers.get("idempotency-replayed")]).toEqual([202, null]);
  expect([again.status, again.headers.get("idempotency-replayed"), again.body]).toEqual([202, "true", first.body]);
  expect(await bell.count()).toBe(1);
});

it("refuses the key for anything else, and leaves other callers theirs", async () => {
  const bell = await counter("bob");
  await call("POST", "/v1/users/bob/events", "ring-2", RING);

  for (const [method, path, body] of [
    ["POST", "/v1/users/bob/events", { ...RING, data: { n: 2 } }],
    ["POST", "/v1/users/eve/events", RING],
    ["POST", "/v1/rooms/bob/events", RING],
    ["PUT", "/v1/rooms/bob", { delivery: "fast" }],
  ] as const) {
    const { status, body: problem } = await call(method, path, "ring-2", body);
    expect([status, problem.code]).toEqual([409, "IDEMPOTENCY_CONFLICT"]);
  }
  expect(
    (await call("POST", "/v1/users/bob/events", "ring-2", RING, 0, TILL)).headers.has("idempotency-replayed"),
  ).toBe(false);
  expect(await bell.count()).toBe(2);
});

it("changes something once for its key, and answers the same again", async () => {
  await call("PUT", "/v1/rooms/board/members/ada", "m-1");
  const removed = await call("DELETE", "/v1/rooms/board/members/ada", "m-2");
  const again = await call("DELETE", "/v1/rooms/board/members/ada", "m-2", undefined, 1);

  expect(removed.body).toMatchObject({ removed: true });
  expect(again.body).toEqual(removed.body);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect((await call("DELETE", "/v1/rooms/board/members/ada", "m-3")).body).toMatchObject({ removed: false });
});

it("tells a repeat to wait while the first is running, and does it when the first is taken for dead", async () => {
  await call("POST", "/v1/users/ada/events", "ring-3", RING);
  // As another node's row looks while it is at it.
  await queryRows(
    server.database,
    "UPDATE idempotency_keys SET answer = NULL, leased_until = now() + interval '20 s' WHERE key = 'ring-3'",
  );

  const waiting = await call("POST", "/v1/users/ada/events", "ring-3", RING);
  expect([waiting.status, waiting.body.code]).toEqual([409, "IDEMPOTENCY_IN_FLIGHT"]);
  expect(waiting.body.retryAfterMs).toBeGreaterThan(10_000);

  await queryRows(server.database, "UPDATE idempotency_keys SET leased_until = now() WHERE key = 'ring-3'");
  expect((await call("POST", "/v1/users/ada/events", "ring-3", RING)).status).toBe(202);
});

it("does not remember what was refused", async () => {
  const bad = { event: "ring", data: 1, except: "ada" };
  expect((await call("POST", "/v1/rooms/lobby/events", "ring-4", bad)).status).toBe(400);
  expect((await call("POST", "/v1/rooms/lobby/events", "ring-4", RING)).status).toBe(202);
});

it("emits once when many repeats come at one moment", async () => {
  const bell = await counter("carol");

  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => call("POST", "/v1/users/carol/events", "ring-5", RING, n % 2)),
  );

  expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThanOrEqual(1);
  expect(answers.every(({ status, body }) => status === 202 || body.code === "IDEMPOTENCY_IN_FLIGHT")).toBe(true);
  expect(await bell.count()).toBe(1);
});
