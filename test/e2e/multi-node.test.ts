import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { createProgram } from "../../src/cli/create-program";
import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import { appendElsewhere } from "../support/append-elsewhere";
import { tries } from "../support/tries";

const AT_ONCE = 50;
const TWINS = AT_ONCE * tries({ few: 20, many: 200 });

let server: TestServer;
let clients: TestClient[];
let room: string;
let runs = 0;

beforeAll(async () => {
  server = await startTestServer({ nodes: 3, config: { namespaces: ["/", "/support"] } });
});
beforeEach(async () => {
  runs += 1;
  room = `room-${runs}`;
  clients = await Promise.all(server.nodes.map((node, index) => node.connect({ userId: `user-${index}-${runs}` })));
  for (const client of clients) {
    await client.call("join", { room });
  }
});
afterEach(() => {
  for (const client of clients) {
    client.close();
  }
});
afterAll(() => server.close());

const isOf = (id: string) => (payload: { id: string }) => payload.id === id;

it("shows and numbers a message on every node", async () => {
  for (const [index, sender] of clients.entries()) {
    const { id, seq } = await sender.call("message", { room, content: `from ${index}` });

    expect(seq).toBe(index + 1);
    for (const client of clients) {
      expect(await client.waitFor("message", isOf(id))).toMatchObject({
        content: `from ${index}`,
        userId: sender.userId,
      });
      await client.waitFor("stored", ({ runs: stored }) =>
        stored.some(({ from, items }) => items.some(([, key], at) => key === id && from + at === seq)),
      );
      await client.expectNone("message", isOf(id));
    }
  }
});

it("tells typing, retractions and strict messages on every node, and the other namespaces nothing", async () => {
  const [alice, bob, carol] = clients as [TestClient, TestClient, TestClient];
  const elsewhere = await server.nodes[1]?.connect({ userId: "elsewhere", namespace: "/support", rooms: [room] });
  await alice.call("typing", { room, isTyping: true });
  await alice.call("typing", { room, isTyping: false });
  const id = randomUUID();
  // Stored in another room by a node that none of them hears: shown here, and taken back.
  await appendElsewhere(server.database, { room: "elsewhere", userId: alice.userId, id, content: "?" });
  expect(await alice.emitWithAck("message", { room, id, content: "?" })).toMatchObject({
    error: { code: "IDEMPOTENCY_CONFLICT" },
  });

  for (const client of [bob, carol]) {
    expect(await client.waitFor("typing", ({ isTyping }) => !isTyping)).toMatchObject({ userId: alice.userId });
    expect(await client.waitFor("retracted", isOf(id))).toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    await client.waitFor("message", isOf(id));
  }
  await alice.expectNone("typing");
  await elsewhere?.expectNone("typing");
  await elsewhere?.expectNone("message", ({ type }) => type === "text");
});

it("counts people over all nodes, and tells each step once", async () => {
  const [alice, bob, carol] = clients as [TestClient, TestClient, TestClient];
  const newcomer = `newcomer-${runs}`;
  const tabs = await Promise.all(server.nodes.map((node) => node.connect({ userId: newcomer })));
  for (const tab of tabs) {
    expect(await tab.call("join", { room })).toMatchObject({ count: 4 });
  }
  for (const client of [alice, bob, carol]) {
    const step = await client.waitFor("user_joined", ({ userId }) => userId === newcomer);
    expect(step.count).toBe(4);
    expect(step.users.map(({ userId }) => userId)).toContain(carol.userId);
    await client.expectNone("user_joined", ({ userId }) => userId === newcomer);
  }

  await tabs[0]?.call("leave", { room });
  await tabs[1]?.call("leave", { room });
  for (const client of [alice, bob, carol]) {
    await client.expectNone("user_left", ({ userId }) => userId === newcomer);
  }
  await tabs[2]?.call("leave", { room });
  for (const client of [alice, bob, carol]) {
    expect(await client.waitFor("user_left", ({ userId }) => userId === newcomer)).toMatchObject({ count: 3 });
    await client.expectNone("user_left", ({ userId }) => userId === newcomer);
  }
  expect(await carol.call("presence", { room })).toMatchObject({ count: 3, partial: false });
  expect((await bob.call("rooms", { after: `${room.slice(0, -1)}` })).rooms).toContainEqual(
    expect.objectContaining({ room, count: 3 }),
  );
});

it("holds what other nodes showed in `pending`, and answers catch-up as the table does", async () => {
  const [alice, bob] = clients as [TestClient, TestClient];
  const answers = Array.from({ length: 20 }, (_, index) => alice.call("message", { room, content: `${index}` }));
  await bob.waitFor("message", ({ content }) => content === "19");
  const late = (await server.nodes[1]?.connect({ userId: `late-${runs}` })) as TestClient;
  const state = await late.call("join", { room, after: 0 });

  const held = [...state.messages, ...state.pending].map(({ content }) => content);
  expect(new Set(held)).toEqual(new Set(Array.from({ length: 20 }, (_, index) => `${index}`)));
  const numbers = (await Promise.all(answers)).map(({ seq }) => seq);
  await bob.waitFor("stored", ({ runs: stored }) => stored.some(({ from, items }) => from + items.length - 1 === 20));
  expect(await bob.call("join", { room, after: 10 })).toMatchObject({ recovered: true, lastSeq: 20, pending: [] });
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
});

it(`stores an id once that is sent to two nodes at the same moment, ${TWINS} times`, async () => {
  const tabs = await Promise.all(
    [0, 1].map((index) => server.nodes[index]?.connect({ userId: `twin-${runs}`, rooms: [room] })),
  );
  await Promise.all(tabs.map((tab) => tab?.waitFor("room_state")));
  for (let round = 0; round < TWINS / AT_ONCE; round += 1) {
    const messages = Array.from({ length: AT_ONCE }, () => ({ room, id: randomUUID(), content: "twice" }));
    const [left, right] = (await Promise.all(
      tabs.map((tab) => Promise.all(messages.map((message) => (tab as TestClient).call("message", message)))),
    )) as unknown as [{ seq: number; duplicate: boolean }[], { seq: number; duplicate: boolean }[]];

    expect(left.map(({ seq }) => seq)).toEqual(right.map(({ seq }) => seq));
    for (const [index, { duplicate }] of left.entries()) {
      expect([duplicate, right[index]?.duplicate].toSorted()).toEqual([false, true]);
    }
  }
  const table = (await readTable(server.database)).filter((row) => row.room === room);
  expect(table.map(({ seq }) => seq)).toEqual(Array.from({ length: TWINS }, (_, index) => index + 1));
});

it("hears of revocations and memberships at once", async () => {
  const printed = jest.spyOn(console, "log").mockImplementation(() => {});
  const [alice, bob] = clients as [TestClient, TestClient];
  const env = { DATABASE_URL: server.database, REDIS_URL: server.redis?.url, ROOMFUL_JWT_SECRET: "s".repeat(40) };
  await createProgram(env).parseAsync(["revoke", "--user", bob.userId, "--before", "2999-01-01T00:00:00Z"], {
    from: "user",
  });

  expect(await bob.waitFor("closing")).toMatchObject({ code: "REVOKED" });
  await alice.expectNone("closing");
  // The third node hears of it too, at its own time.
  for (let code: unknown; code !== "REVOKED"; ) {
    const back = await server.nodes[2]?.connect({ userId: bob.userId }).catch((error: unknown) => error);
    ({ code } = back instanceof Error ? (back as Error & { data: { code: string } }).data : { code: undefined });
  }
  printed.mockRestore();
});

it("tells on another node why this one cut a socket", async () => {
  const [alice] = clients as [TestClient];
  const cut = (await server.nodes[0]?.connect({ userId: `cut-${runs}`, claims: { ttlMs: 1_000 } })) as TestClient;
  await server.nodes[0]?.clock.advance(40_000);
  await cut.waitFor("closing");
  const back = await server.nodes[1]?.connect({ userId: `cut-${runs}`, lastSocketId: cut.welcome.socketId });

  expect(back?.welcome.lastDisconnect).toMatchObject({ code: "TOKEN_EXPIRED" });
  expect(
    (await server.nodes[1]?.connect({ userId: "other", lastSocketId: cut.welcome.socketId }))?.welcome,
  ).not.toHaveProperty("lastDisconnect");
  await alice.fence();
});

it("shows nothing of somebody who is lost on one node and back on another within the grace", async () => {
  const [alice, bob, carol] = clients as [TestClient, TestClient, TestClient];
  alice.loseTransport();
  await alice.disconnected();
  const back = (await server.nodes[1]?.connect({ userId: alice.userId })) as TestClient;
  expect(await back.call("join", { room })).toMatchObject({ count: 3 });
  await server.nodes[0]?.clock.advance(10_000);
  // What the first node does at the end of the grace has passed Redis when this is answered there.
  const witness = (await server.nodes[0]?.connect({ userId: bob.userId })) as TestClient;
  await witness.call("join", { room });
  await carol.call("presence", { room });

  for (const client of [bob, carol]) {
    await client.expectNone("user_left", ({ userId }) => userId === alice.userId);
    await client.expectNone("user_joined", ({ userId, count }) => userId === alice.userId && count > 2);
  }
  expect(await carol.call("presence", { room })).toMatchObject({ count: 3 });
  await back.call("leave", { room });
  expect(await carol.waitFor("user_left", ({ userId }) => userId === alice.userId)).toMatchObject({ count: 2 });
});

it("shows nothing of the people of a node that stops in order, when they come to another one in time", async () => {
  const own = await startTestServer({ nodes: 2 });
  try {
    const [going, staying] = own.nodes as [TestServer, TestServer];
    const watcher = await staying.connect({ userId: "watcher" });
    await watcher.call("join", { room: "hall" });
    const guests = await Promise.all(["a", "b", "c"].map((userId) => going.connect({ userId })));
    for (const guest of guests) {
      await guest.call("join", { room: "hall" });
      await watcher.waitFor("user_joined", ({ userId }) => userId === guest.userId);
    }
    await going.drain();
    for (const userId of ["a", "b"]) {
      await (await staying.connect({ userId })).call("join", { room: "hall" });
    }

    // Who does not come is told when the grace is over.
    for (let hasLeft = false; !hasLeft; ) {
      hasLeft = watcher.received("user_left").length > 0;
      await delay(20);
    }
    expect(watcher.received("user_left").map(({ userId, count }) => [userId, count])).toEqual([["c", 3]]);
    await watcher.expectNone("user_joined");
  } finally {
    await own.close();
  }
});
