import { createClient } from "redis";

import { createProgram } from "../../src/cli/create-program";
import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { callApi } from "../support/api-client";

/** Two deployments, each with a database and two nodes of its own, on one Redis. Both have an ada and a room called hall. */
let production: TestServer;
let staging: TestServer;
let clients: TestClient[] = [];

beforeAll(async () => {
  production = await startTestServer({ nodes: 2 });
  staging = await startTestServer({ nodes: 2, redis: false, config: { redis: { url: redisUrl() } } });
});
afterEach(() => {
  for (const client of clients) {
    client.close();
  }
  clients = [];
});
afterAll(async () => {
  await staging?.close();
  await production.close();
});

function redisUrl(): string {
  return production.redis?.url ?? "";
}

async function joinHall(server: TestServer, userId: string, node: number): Promise<TestClient> {
  const client = (await server.nodes[node]?.connect({ userId })) as TestClient;
  clients.push(client);
  await client.call("join", { room: "hall" });
  return client;
}

async function printedPrefix({ database }: TestServer): Promise<string> {
  const printed = jest.spyOn(console, "log").mockImplementation(() => {});
  const program = createProgram({ DATABASE_URL: database, ROOMFUL_JWT_SECRET: "s".repeat(40) });
  await program.parseAsync(["redis-prefix"], { from: "user" });
  const [[prefix] = []] = printed.mock.calls;
  printed.mockRestore();
  return String(prefix);
}

/** Everybody of a deployment has been sent what passed Redis before. */
async function pass(from: TestClient, to: TestClient): Promise<void> {
  const { id } = await from.call("message", { room: "hall", content: "fence" });
  await to.waitFor("message", (message) => message.id === id);
}

it("shows messages, events, typing and people to their own deployment alone", async () => {
  const [ada, bob] = [await joinHall(production, "ada", 0), await joinHall(production, "bob", 1)];
  const [ada2, eve] = [await joinHall(staging, "ada", 0), await joinHall(staging, "eve", 1)];
  await eve.call("typing", { room: "hall", isTyping: true });
  await eve.call("message", { room: "hall", content: "only a test" });
  await callApi(staging, "POST", "/v1/rooms/hall/events", { body: { event: "price_changed", data: 7 } });
  await ada2.waitFor("price_changed");
  await pass(eve, ada2);
  await pass(bob, ada);

  for (const client of [ada, bob]) {
    await client.expectNone("message", ({ userId }) => userId === "eve");
    await client.expectNone("typing");
    await client.expectNone("price_changed");
    await client.expectNone("user_joined", ({ userId }) => userId === "eve");
  }
  expect(await ada.call("presence", { room: "hall" })).toMatchObject({ count: 2, partial: false });
  expect(await eve.call("presence", { room: "hall" })).toMatchObject({ count: 2, partial: false });
  expect((await ada.call("rooms", {})).rooms).toEqual([expect.objectContaining({ room: "hall", count: 2 })]);
});

it("cuts users of its own deployment alone, and remembers why for them alone", async () => {
  const [ada, bob] = [await joinHall(production, "ada", 0), await joinHall(production, "bob", 1)];
  const [ada2, eve] = [await joinHall(staging, "ada", 0), await joinHall(staging, "eve", 1)];
  // Through the node that ada2 is not on.
  await callApi({ url: staging.nodes[1]?.url ?? "", apiKey: staging.apiKey }, "DELETE", "/v1/users/ada/connections");
  expect(await ada2.waitFor("closing")).toMatchObject({ code: "DISCONNECTED" });
  await pass(eve, await joinHall(staging, "fay", 0));
  await pass(bob, ada);

  await ada.expectNone("closing");
  const lastSocketId = ada2.welcome.socketId;
  const stranger = await production.nodes[0]?.connect({ userId: "ada", lastSocketId });
  const own = await staging.nodes[1]?.connect({ userId: "ada", lastSocketId });
  expect([stranger?.welcome.lastDisconnect, own?.welcome.lastDisconnect?.code]).toEqual([undefined, "DISCONNECTED"]);
  stranger?.close();
  own?.close();
});

it("has no name in Redis but under its prefix", async () => {
  const spy = createClient({ url: redisUrl() });
  await spy.connect();
  const channels = new Set<string>();
  await spy.pSubscribe("*", (_message, channel) => channels.add(channel));
  for (const server of [production, staging]) {
    const [ada, bob] = [await joinHall(server, "ada", 0), await joinHall(server, "bob", 1)];
    await pass(ada, bob);
    await callApi(server, "POST", "/v1/users/eve/revoke");
    await callApi(server, "PUT", "/v1/rooms/hall", { body: { delivery: "strict" } });
    await callApi(server, "DELETE", "/v1/users/bob/connections");
    await bob.waitFor("closing");
    await pass(ada, await joinHall(server, "bob", 1));
  }
  const probes = () => [...channels].filter((name) => name.endsWith(":probe"));
  while (probes().length < 2) {
    // Each node sends one a second.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const asking = createClient({ url: redisUrl() });
  await asking.connect();
  const keys = await asking.keys("*");
  asking.destroy();
  spy.destroy();

  const prefixes = [await printedPrefix(production), await printedPrefix(staging)];
  expect(prefixes).toEqual([
    expect.stringMatching(/^roomful:[0-9a-f]{12}$/),
    expect.not.stringContaining(prefixes[0] ?? ""),
  ]);
  expect(production.redis?.prefix).toBe(prefixes[0]);
  for (const prefix of prefixes) {
    const names = ["access", "disconnect", "probe", "rooms", "socket.io#/#r:hall#"].map((name) => `${prefix}:${name}`);
    expect([...channels]).toEqual(expect.arrayContaining(names));
    expect(keys).toContain(`{${prefix}}:presence:nodes`);
  }
  const isUnder = (name: string) => prefixes.some((prefix) => name.startsWith(`${prefix}:`));
  expect([...channels].filter((name) => !isUnder(name))).toEqual([]);
  expect(keys.filter((name) => !isUnder(name.replace(/^\{(.*)\}/, "$1")))).toEqual([]);
});
