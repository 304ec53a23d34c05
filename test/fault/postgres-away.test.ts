import { startTestServer, type TestServer } from "../../src/testing";
import { startThrowawayPostgres } from "../../src/testing/test-database";
import { pausePostgres } from "../support/pause-postgres";

describe("while Postgres does not answer", () => {
  let postgres: Awaited<ReturnType<typeof startThrowawayPostgres>>;
  let server: TestServer;
  beforeAll(async () => {
    postgres = await startThrowawayPostgres();
    server = await startTestServer({
      database: postgres.url,
      config: {
        database: { statementTimeoutMs: 1_000, probeIntervalMs: 100 },
        writeBuffer: { maxMessages: 20, maxAgeMs: 60_000 },
        shutdown: { timeoutMs: 5_000 },
      },
    });
  });
  afterEach(() => {
    process.kill(postgres.pid, "SIGCONT");
  });
  afterAll(async () => {
    await server.close();
    await postgres.drop();
  });

  it("shows messages, answers joins, refuses when full within the limits, and stores everything afterwards", async () => {
    const alice = await server.connect({ userId: "alice", rooms: ["a"] });
    const bob = await server.connect({ userId: "bob", rooms: ["a"] });
    await alice.waitFor("room_state");
    await bob.waitFor("room_state");
    const { epoch } = await alice
      .call("message", { room: "a", content: "before" })
      .then(() => alice.call("join", { room: "a" }));
    const resume = pausePostgres(postgres.pid);

    const answers = Array.from({ length: 25 }, (_, index) =>
      alice.emitWithAck("message", { room: "a", content: `${index}` }),
    );
    const refused = await Promise.all(answers.slice(20));
    for (const reply of refused) {
      expect(reply).toMatchObject({
        ok: false,
        error: { code: "OVERLOADED", retryable: true, retryAfterMs: expect.any(Number) },
      });
    }
    for (let index = 0; index < 20; index += 1) {
      expect((await bob.waitFor("message", ({ content }) => content === `${index}`)).seq).toBeUndefined();
    }
    await bob.expectNone("message", ({ content }) => content === "20");
    await alice.call("typing", { room: "a", isTyping: true });
    expect(await bob.waitFor("typing")).toMatchObject({ userId: "alice" });

    const carol = await server.connect({ userId: "carol" });
    const state = await carol.call("join", { room: "a" });
    // What memory holds is answered, and of what it does not hold it is said that there is more.
    expect(state).toMatchObject({ hasMore: false, recovered: null, epoch, lastSeq: 1, count: 3 });
    expect(state.messages.map(({ content }) => content)).toEqual(["before"]);
    expect(await carol.call("join", { room: "unknown" })).toMatchObject({
      ...{ messages: [], hasMore: true, recovered: null, epoch: null, lastSeq: null, count: 1 },
    });
    expect(state.pending.map(({ content }) => content)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
    expect(await carol.emitWithAck("history", { room: "a" })).toMatchObject({
      error: { code: "UNAVAILABLE", retryAfterMs: expect.any(Number) },
    });
    const health = await fetch(new URL("/readyz", server.url));
    expect([health.status, await health.json()]).toEqual([
      200,
      { status: "ready", reasons: [], degraded: ["Postgres does not answer"] },
    ]);

    resume();
    const stored = await Promise.all(answers.slice(0, 20));

    expect(stored.map((reply) => reply.ok && reply.data.seq)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 2),
    );
    const page = await carol.call("join", { room: "a", after: 1, epoch });
    expect(page.messages.map(({ content }) => content)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
    await carol.expectNone("retracted");
  });
});
