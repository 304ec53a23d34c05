import { setTimeout as delay } from "node:timers/promises";

import { startTestServer, type TestNode, type TestServer } from "../../src/testing";
import { startThrowawayPostgres } from "../../src/testing/test-database";
import { callApi } from "../support/api-client";
import { pausePostgres } from "../support/pause-postgres";

const event = { event: "x_ring", data: 1 };

describe("while Postgres is away", () => {
  let postgres: Awaited<ReturnType<typeof startThrowawayPostgres>>;
  let server: TestServer;
  beforeAll(async () => {
    postgres = await startThrowawayPostgres();
    const config = { database: { probeIntervalMs: 100, statementTimeoutMs: 1_000 }, shutdown: { timeoutMs: 5_000 } };
    server = await startTestServer({ database: postgres.url, config });
  });
  afterEach(() => {
    process.kill(postgres.pid, "SIGCONT");
  });
  afterAll(async () => {
    await server.close();
    await postgres.drop();
  });

  it("emits events, shows and admits messages, and says what it cannot do", async () => {
    const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      callApi(server, method, path, { body, headers });
    await call("PUT", "/v1/rooms/court", { delivery: "strict" });
    const ada = await server.connect({ userId: "ada", rooms: ["lobby"] });
    await ada.waitFor("room_state");
    const resume = pausePostgres(postgres.pid);
    while (!(await (await fetch(new URL("/readyz", server.url))).text()).includes("Postgres")) {
      await delay(20);
    }

    expect((await call("POST", "/v1/rooms/lobby/events", event)).status).toBe(202);
    await ada.waitFor("x_ring");
    for (const [method, path, body, headers] of [
      ["POST", "/v1/rooms/lobby/events", event, { "idempotency-key": "k" }],
      ["PUT", "/v1/rooms/lobby", { delivery: "fast" }, {}],
      ["PUT", "/v1/rooms/lobby/members/ada", undefined, {}],
      ["POST", "/v1/users/ada/revoke", undefined, {}],
      ["GET", "/v1/rooms/lobby/messages", undefined, {}],
      ["GET", "/v1/rooms/lobby", undefined, {}],
    ] as const) {
      const { status, body: problem } = await call(method, path, body, headers);
      expect([method, path, status, problem["code"]]).toEqual([method, path, 503, "UNAVAILABLE"]);
    }
    // Needs no Postgres.
    expect((await call("DELETE", "/v1/users/nobody/connections")).status).toBe(202);
    // Shown where the room is known; in a room that nobody here knows, after the commit.
    const known = call("POST", "/v1/rooms/lobby/messages", { userId: "bot", content: "now" });
    await ada.waitFor("message", ({ content }) => content === "now");
    const unknown = call("POST", "/v1/rooms/court/messages", { userId: "bot", content: "late" });

    resume();
    expect((await Promise.all([known, unknown])).map(({ status }) => status)).toEqual([201, 201]);
  });
});

it("says that it could not tell the other nodes to disconnect a user while Redis is away", async () => {
  const server = await startTestServer({ nodes: 2 });
  try {
    const [first] = server.nodes as [TestNode, TestNode];
    const ada = await first.connect({ userId: "ada" });
    const gone = ada.disconnected();
    await server.redis?.down();
    const disconnect = () => callApi(server, "DELETE", "/v1/users/ada/connections");
    let answer = await disconnect();
    while (answer.status === 202) {
      // It is noticed within moments.
      answer = await disconnect();
    }

    expect([answer.status, answer.body["code"]]).toEqual([503, "UNAVAILABLE"]);
    await gone;
    await server.redis?.up();
    while ((await disconnect()).status !== 202) {
      await delay(50);
    }
  } finally {
    await server.close();
  }
});
