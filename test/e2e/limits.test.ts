import { randomUUID } from "node:crypto";

import { startTestServer, type TestClient, type TestServer } from "../../src/testing";

describe("rates", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ config: { rateLimits: { enabled: "on" } } });
  });
  afterAll(() => server.close());

  it("are a user's over all sockets, and refuse without showing anything", async () => {
    const reader = await server.connect({ userId: "reader", rooms: ["a"] });
    const tabs = await Promise.all([1, 2].map(() => server.connect({ userId: "alice", rooms: ["a"] })));
    await Promise.all(tabs.map((tab) => tab.waitFor("room_state")));
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        (tabs[index % 2] as TestClient).emitWithAck("message", { room: "a", id: randomUUID(), content: `${index}` }),
      ),
    );
    const refused = replies.filter(({ ok }) => !ok);

    expect(refused.length).toBeGreaterThanOrEqual(10);
    for (const reply of refused) {
      expect(reply).toMatchObject({
        error: { code: "RATE_LIMITED", retryable: true, retryAfterMs: expect.any(Number) },
      });
    }
    await reader.fence();
    expect(reader.received("message").filter(({ type }) => type === "text")).toHaveLength(100 - refused.length);
    const bob = await server.connect({ userId: "bob", rooms: ["a"] });
    await bob.waitFor("room_state");
    await expect(bob.call("message", { room: "a", content: "not my rate" })).resolves.toBeDefined();
  });

  it("do not keep a known id from its answer", async () => {
    const carol = await server.connect({ userId: "carol", rooms: ["b"] });
    await carol.waitFor("room_state");
    const message = { room: "b", id: randomUUID(), content: "first" };
    await carol.call("message", message);
    await Promise.all(Array.from({ length: 60 }, () => carol.emitWithAck("message", { room: "b", content: "flood" })));

    expect(await carol.call("message", message)).toMatchObject({ seq: 1, duplicate: true });
  });

  it("keep a sender's order: after a refusal nothing overtakes what was refused", async () => {
    const dave = await server.connect({ userId: "dave", rooms: ["c"] });
    await dave.waitFor("room_state");
    const messages = Array.from({ length: 75 }, (_, index) => ({ room: "c", id: randomUUID(), content: `${index}` }));
    const replies = await Promise.all(messages.map((message) => dave.emitWithAck("message", message)));
    const firstRefused = replies.findIndex(({ ok }) => !ok);
    expect(firstRefused).toBeGreaterThan(0);
    expect(replies.slice(firstRefused).every(({ ok }) => !ok)).toBe(true);

    // Room for all of them by the rate; but the last one may not come before the first that was refused.
    await server.clock.advance(3_000);
    const last = messages.at(-1) as (typeof messages)[number];
    expect(await dave.emitWithAck("message", last)).toMatchObject({ error: { code: "RATE_LIMITED" } });
    for (const message of messages.slice(firstRefused)) {
      await dave.call("message", message);
    }

    const { messages: stored } = await dave.call("history", { room: "c", limit: 200 });
    expect(stored.map(({ content }) => content)).toEqual(messages.map(({ content }) => content));
  });

  it.each([
    ["join", { room: "d" }, 50],
    ["typing", { room: "d", isTyping: false }, 10],
    ["history", { room: "d" }, 20],
    ["presence", { room: "d" }, 20],
    ["rooms", {}, 20],
  ] as const)("bound %s", async (event, payload, burst) => {
    const client = await server.connect({ userId: `many-${event}` });
    await client.call("join", { room: "d" });
    // More than what the rate gives back until the last of them is read.
    const replies = await Promise.all(Array.from({ length: burst + 200 }, () => client.emitWithAck(event, payload)));
    const refused = replies.filter(({ ok }) => !ok);

    expect(replies.length - refused.length).toBeGreaterThanOrEqual(burst - 1);
    expect(refused.length).toBeGreaterThan(0);
    for (const reply of refused) {
      expect(reply).toMatchObject({ error: { code: "RATE_LIMITED", retryAfterMs: expect.any(Number) } });
    }
  });
});

describe("rates of what costs others much", () => {
  it("count the bytes of a user's messages beside their number", async () => {
    const server = await startTestServer({
      config: { rateLimits: { enabled: "on", messageBytesPerSecond: 1, messageBytesBurst: 10_000 } },
    });
    try {
      const alice = await server.connect({ userId: "alice", rooms: ["a"] });
      const reader = await server.connect({ userId: "reader", rooms: ["a"] });
      await Promise.all([alice, reader].map((client) => client.waitFor("room_state")));
      await alice.call("message", { room: "a", content: "x".repeat(8_000) });
      await alice.call("message", { room: "a", content: "x", metadata: { more: "y".repeat(1_900) } });
      const reply = await alice.emitWithAck("message", { room: "a", content: "z".repeat(500) });

      expect(reply).toMatchObject({ error: { code: "RATE_LIMITED", retryAfterMs: expect.any(Number) } });
      const bob = await server.connect({ userId: "bob", rooms: ["a"] });
      await bob.waitFor("room_state");
      await bob.call("message", { room: "a", content: "z".repeat(8_000) });
      await reader.expectNone("message", ({ content, userId }) => userId === "alice" && content.startsWith("z"));
    } finally {
      await server.close();
    }
  });

  it("count the rooms of a handshake as joins", async () => {
    const server = await startTestServer({
      config: { rateLimits: { enabled: "on", joinPerSecond: 1, joinBurst: 3 } },
    });
    try {
      const rooms = ["a", "b", "c", "d", "e"];
      const alice = await server.connect({ userId: "alice", rooms });
      for (const room of rooms) {
        await alice.waitFor("room_state", (state) => state.room === room);
      }
      const refused = alice.received("room_state").filter((state) => "error" in state);

      expect(refused).toMatchObject(
        ["d", "e"].map((room) => ({ room, error: { code: "RATE_LIMITED", retryAfterMs: expect.any(Number) } })),
      );
    } finally {
      await server.close();
    }
  });
});

describe("caps that rates do not lift", () => {
  it("bounds the sends of a socket that wait for their answer", async () => {
    const server = await startTestServer({
      config: { limits: { maxUnansweredSends: 5 }, writeBuffer: { flushIntervalMs: 2_000 } },
    });
    try {
      const alice = await server.connect({ userId: "alice", rooms: ["a"] });
      await alice.waitFor("room_state");
      const replies = await Promise.all(
        Array.from({ length: 8 }, (_, index) => alice.emitWithAck("message", { room: "a", content: `${index}` })),
      );

      expect(replies.map(({ ok }) => ok)).toEqual([true, true, true, true, true, false, false, false]);
      expect(replies.at(-1)).toMatchObject({ error: { code: "RATE_LIMITED", retryAfterMs: expect.any(Number) } });
    } finally {
      await server.close();
    }
  });

  it("bounds repeats that wait for the answer of a known id, and answers them when they come again", async () => {
    const server = await startTestServer({
      config: { limits: { maxUnansweredSends: 5 }, writeBuffer: { flushIntervalMs: 2_000 } },
    });
    try {
      const alice = await server.connect({ userId: "alice", rooms: ["a"] });
      await alice.waitFor("room_state");
      const message = { room: "a", id: randomUUID(), content: "again and again" };
      const replies = await Promise.all(Array.from({ length: 9 }, () => alice.emitWithAck("message", message)));

      expect(replies.map(({ ok }) => ok)).toEqual([...Array(5).fill(true), ...Array(4).fill(false)]);
      expect(replies.at(-1)).toMatchObject({ error: { code: "RATE_LIMITED", retryAfterMs: expect.any(Number) } });
      expect(await alice.call("message", message)).toMatchObject({ seq: 1, duplicate: true });
      // No hold came of it: what was not sent before may go at once.
      expect(await alice.call("message", { room: "a", content: "the next" })).toMatchObject({ seq: 2 });
    } finally {
      await server.close();
    }
  });

  it("ends a connection that sends a frame above the limit, and the service lives on", async () => {
    const server = await startTestServer();
    try {
      const alice = await server.connect({ userId: "alice", rooms: ["a"] });
      const bob = await server.connect({ userId: "bob", rooms: ["a"] });
      const end = alice.disconnected();
      alice.socket.emit("message", { room: "a", content: "x".repeat(70_000) });
      await end;

      await bob.fence();
      await expect(server.connect({ userId: "alice" })).resolves.toBeDefined();
    } finally {
      await server.close();
    }
  });
});
