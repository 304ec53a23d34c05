import { setTimeout as delay } from "node:timers/promises";
import { encode } from "notepack.io";
import { createClient } from "redis";

import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { readMetric } from "../support/metrics";

let server: TestServer;
let alice: TestClient;
let bob: TestClient;

beforeEach(async () => {
  server = await startTestServer({ nodes: 2 });
  const [here, there] = server.nodes;
  alice = (await here?.connect({ userId: "alice", rooms: ["a"] })) as TestClient;
  await alice.waitFor("room_state");
  bob = (await there?.connect({ userId: "bob", rooms: ["a"] })) as TestClient;
  await bob.waitFor("room_state");
  // What alice's node has told of her comes before her message, also where it comes late.
  await alice.call("message", { room: "a", content: "here" });
  await bob.waitFor("message", ({ content }) => content === "here");
  for (const _step of bob.received("user_joined")) {
    await bob.waitFor("user_joined");
  }
});
afterEach(() => server.close());

const isOf = (id: string) => (payload: { id: string }) => payload.id === id;

/** Messages cross at once, without a look at the table. */
async function untilJoined(): Promise<void> {
  for (let isAtOnce = false; !isAtOnce; ) {
    const { id } = await alice.call("message", { room: "a", content: "do you hear me?" });
    isAtOnce = (await bob.waitFor("message", isOf(id))).seq === undefined;
  }
}

/** Everything that the table holds has reached a reader, once or as a copy that its key tells apart. */
async function expectWhole(reader: TestClient): Promise<void> {
  const { messages } = await reader.call("history", { room: "a", after: 0, limit: 200 });
  const shown = new Set(reader.received("message").map(({ id }) => id));
  expect(messages.filter(({ id }) => !shown.has(id))).toEqual([]);
}

it.each([
  ["killed", () => server.redis?.down(), () => server.redis?.up()],
  ["stopped without a word", async () => server.redis?.pause(), async () => server.redis?.resume()],
])("goes on with the table when Redis is %s, and with Redis when it is back", async (_how, away, back) => {
  await away();
  const sent: string[] = [];
  for (let index = 0; index < 20; index += 1) {
    sent.push((await alice.call("message", { room: "a", content: `${index}` })).id);
    await delay(100);
  }
  for (const id of sent) {
    await bob.waitFor("message", isOf(id));
  }
  // Frozen: nobody is told as gone or come.
  await bob.expectNone("user_left");
  expect((await bob.call("presence", { room: "a" })).partial).toBe(true);
  for (let degraded: string[] = []; degraded.length === 0; ) {
    const health = await fetch(new URL("/readyz", server.url));
    expect(health.status).toBe(200);
    ({ degraded } = (await health.json()) as { degraded: string[] });
    expect(["Redis does not answer"]).toEqual(expect.arrayContaining(degraded));
  }

  await back();
  await untilJoined();

  await expectWhole(bob);
  await bob.expectNone("user_left");
  await bob.expectNone("user_joined");
  for (let isPartial = true; isPartial; ) {
    const { partial, count } = await bob.call("presence", { room: "a" });
    isPartial = partial || count !== 2;
    await delay(20);
  }
});

it("is right again within ten seconds when Redis is emptied, and tells nobody as gone or come", async () => {
  await server.redis?.flush();
  await untilJoined();
  for (let count = 0; count !== 2; ) {
    ({ count } = await bob.call("presence", { room: "a" }));
  }

  await bob.expectNone("user_left");
  await alice.expectNone("user_left");
  await alice.expectNone("user_joined", ({ userId }) => userId === "alice");
});

it("comes back by itself when its connections are killed", async () => {
  const admin = createClient({ url: server.redis?.url ?? "" });
  await admin.connect();
  await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"]);
  await admin.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
  admin.destroy();

  await untilJoined();
  await expectWhole(bob);
});

it("drops garbage and forged packets on the adapter's channels, and lives", async () => {
  const forger = createClient({ url: server.redis?.url ?? "" });
  await forger.connect();
  let nested: unknown[] = [];
  for (let depth = 0; depth < 2_000; depth += 1) {
    nested = [nested];
  }
  const options = { rooms: ["r:a"], except: [], flags: {} };
  const packets: unknown[] = [
    ...["no packet", 7, null, [], ["x"], ["x", null, null], ["x", { type: 2, data: "message", nsp: "/" }, options]],
    ["x", { type: 2, data: [7, {}], nsp: "/" }, options],
    ["x", { type: 3, data: ["message", {}], nsp: "/" }, options],
    ["x", { type: 2, data: ["message", { deep: nested }], nsp: "/" }, options],
    ["x", { type: 2, data: ["message", {}], nsp: "/" }, { rooms: "r:a" }],
    ["x", { type: 2, data: ["message", null], nsp: "/" }, options],
    ["x", { type: 2, data: ["stored", { room: "a", epoch: "e", runs: "none" }], nsp: "/" }, options],
  ];
  for (const name of [
    "socket.io#/#",
    "socket.io#/#r:a#",
    "socket.io-request#/#",
    "socket.io-response#/#",
    "probe",
    "access",
  ]) {
    const channel = `${server.redis?.prefix}:${name}`;
    await forger.publish(channel, "garbage");
    await forger.publish(channel, Buffer.from([0xc1, 0xff, 0x00]));
    await forger.publish(
      channel,
      JSON.stringify({ type: 4, sid: bob.socket.id, close: true, opts: options, requestId: "r" }),
    );
    for (const packet of packets) {
      await forger.publish(channel, Buffer.from(encode(packet)));
    }
  }
  forger.destroy();

  await untilJoined();
  expect([alice.socket.connected, bob.socket.connected]).toEqual([true, true]);
  expect(await readMetric(server, "roomful_messages_admitted_total")).toBeGreaterThan(0);
});
