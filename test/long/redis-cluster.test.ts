import { Emitter } from "@socket.io/redis-emitter";
import { createCluster } from "redis";

import { emitterKeyOf, socketRoomOf } from "../../src/contract/names";
import { redisAclRules } from "../../src/redis/redis-acl";
import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { callApi } from "../support/api-client";
import { type ClusterGroup, startClusterGroup } from "../support/cluster-group";
import { readMetric } from "../support/metrics";

const PREFIX = "chat";

let group: ClusterGroup;
let server: TestServer;
let alice: TestClient;
let bob: TestClient;

beforeEach(async () => {
  group = await startClusterGroup(`{${PREFIX}}:presence:`);
  for (const each of [...group.masters, group.replica]) {
    await each.ask("ACL", "SETUSER", "node", "on", ">secret", ...redisAclRules(PREFIX, ["/"], true));
    await each.ask("ACL", "LOG", "RESET");
  }
  const url = group.url.replace("//", "//node:secret@");
  server = await startTestServer({ nodes: 2, redis: false, config: { redis: { url, prefix: PREFIX } } });
  alice = (await server.nodes[0]?.connect({ userId: "alice", rooms: ["a"] })) as TestClient;
  await alice.waitFor("room_state");
  bob = (await server.nodes[1]?.connect({ userId: "bob", rooms: ["a"] })) as TestClient;
  await bob.waitFor("room_state");
});
afterEach(async () => {
  await server?.close();
  await group?.stop();
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function isUpEverywhere(): Promise<boolean> {
  const ups = await Promise.all(server.nodes.map((node) => readMetric(node, "roomful_redis_up")));
  return ups.every((up) => up === 1);
}

/** Messages cross at once, not by the table, and presence is whole. */
async function untilJoined(): Promise<void> {
  await until(isUpEverywhere);
  for (let isAtOnce = false; !isAtOnce; ) {
    const { id } = await alice.call("message", { room: "a", content: "do you hear me?" });
    isAtOnce = (await bob.waitFor("message", (message) => message.id === id)).seq === undefined;
  }
  await until(async () => {
    const { count, partial } = await bob.call("presence", { room: "a" });
    return count === 2 && !partial;
  });
}

it("joins nodes over all shards: messages, presence, notices, and what other programs emit", async () => {
  await untilJoined();
  const spread = Array.from({ length: 24 }, (_, index) => `room-${index}`);
  for (const room of spread) {
    await alice.call("join", { room });
    await bob.call("join", { room });
    const { id } = await bob.call("message", { room, content: "hi" });
    await alice.waitFor("message", (message) => message.id === id);
  }
  for (const master of group.masters) {
    expect(String(await master.ask("INFO", "commandstats"))).toMatch(/^cmdstat_spublish:calls=\d+/m);
  }
  expect((await alice.call("rooms", {})).rooms).toHaveLength(spread.length + 1);

  const [root] = group.masters;
  const cluster = createCluster({ rootNodes: [{ url: root?.url ?? "" }] });
  await cluster.connect();
  const emitter = new Emitter(
    { publish: (channel: string, message: Buffer) => void cluster.publish(channel, message) },
    { key: emitterKeyOf(PREFIX) },
  );
  // What is none of ours on a lane harms nobody.
  for (const garbage of ["", "x", "\xff\xff", "\x00\x00"]) {
    await cluster.sPublish(`${PREFIX}:lane:0`, Buffer.from(garbage, "latin1"));
  }
  emitter.to(socketRoomOf("a")).emit("price_changed", { price: 7 });
  for (const client of [alice, bob]) {
    expect(await client.waitFor("price_changed")).toEqual({ price: 7 });
  }
  cluster.destroy();

  await callApi(server, "DELETE", "/v1/users/bob/connections");
  await bob.waitFor("closing");
  const back = await server.nodes[0]?.connect({ userId: "bob", lastSocketId: bob.welcome.socketId });
  expect(back?.welcome.lastDisconnect).toMatchObject({ code: "DISCONNECTED" });
  // The rights that docs/redis.md gives are enough.
  for (const each of [...group.masters, group.replica]) {
    expect(await each.ask("ACL", "LOG")).toEqual([]);
  }
});

it("delivers on each node while a shard is away, and joins again when its replica has taken over", async () => {
  await untilJoined();
  const near = (await server.nodes[0]?.connect({ userId: "near", rooms: ["a"] })) as TestClient;
  await near.waitFor("room_state");
  await (await group.masterOf(`{${PREFIX}}:presence:`)).kill();
  await until(async () => !(await isUpEverywhere()));
  const { id } = await alice.call("message", { room: "a", content: "to who is near" });
  expect((await near.waitFor("message", (message) => message.id === id)).seq).toBeUndefined();
  // By the table, or at once where the replica was quicker.
  await bob.waitFor("message", (message) => message.id === id);
  near.close();

  await until(async () => String(await group.replica.ask("ROLE")).includes("master"));
  await untilJoined();
  await bob.expectNone("user_left", ({ userId }) => userId === "alice");
  await server.expectRoomConsistent("a");
});

it("follows a channel that moves to another shard", async () => {
  await untilJoined();
  for (let lane = 0; lane < 16; lane += 5) {
    await group.moveSlotOf(`${PREFIX}:lane:${lane}`);
  }

  await untilJoined();
  await server.expectRoomConsistent("a");
});
