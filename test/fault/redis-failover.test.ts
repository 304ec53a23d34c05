import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { FaultProxy } from "../../src/testing/fault-proxy";
import { RedisServer } from "../../src/testing/redis-server";
import { readMetric } from "../support/metrics";

/** Two Redis servers behind one address, as behind a name that is moved; the connections that there are stay where they are. */
let servers: RedisServer[] = [];
let primary: RedisServer;
let address: FaultProxy;
let server: TestServer;
let alice: TestClient;

beforeEach(async () => {
  servers = await Promise.all([RedisServer.start(), RedisServer.start()]);
  const [first, second] = servers as [RedisServer, RedisServer];
  primary = first;
  await follow(second, first);
  address = await FaultProxy.start({ target: () => primary.address });
  server = await startTestServer({
    nodes: 2,
    redis: false,
    config: { redis: { url: address.url.replace("http:", "redis:") } },
  });
  alice = await server.connect({ userId: "alice", rooms: ["a"] });
  await alice.waitFor("room_state");
});
afterEach(async () => {
  await server.close();
  await address.close();
  await Promise.all(servers.map((each) => each.stop()));
});

async function follow(replica: RedisServer, leader: RedisServer): Promise<void> {
  await replica.ask("REPLICAOF", leader.address.host, String(leader.address.port));
  await until(async () => String(await replica.ask("INFO", "replication")).includes("master_link_status:up"));
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function degradedOf(node: { url: string } | undefined): Promise<string[]> {
  const health = await fetch(new URL("/readyz", node?.url));
  return ((await health.json()) as { degraded: string[] }).degraded;
}

it("goes over to the new primary although its connections to the old one live, and says meanwhile what is wrong", async () => {
  const [old, next] = servers as [RedisServer, RedisServer];
  // The name is not moved yet: all connections end at what is a replica now.
  await next.ask("REPLICAOF", "NO", "ONE");
  await follow(old, next);
  const refused = "Redis refuses: READONLY (this one is a replica and takes no writes)";
  for (const node of server.nodes) {
    await until(async () => (await degradedOf(node)).includes(refused));
    expect(await readMetric(node, "roomful_redis_up")).toBe(0);
  }

  primary = next;
  await server.nodes[1]?.restart();
  const bob = (await server.nodes[1]?.connect({ userId: "bob", rooms: ["a"] })) as TestClient;
  await bob.waitFor("room_state");
  for (const node of server.nodes) {
    await until(async () => (await degradedOf(node)).length === 0);
    expect(await readMetric(node, "roomful_redis_up")).toBe(1);
  }
  // At once, and not from the table.
  for (let isAtOnce = false; !isAtOnce; ) {
    const { id } = await alice.call("message", { room: "a", content: "do you hear me?" });
    isAtOnce = (await bob.waitFor("message", (message) => message.id === id)).seq === undefined;
  }
  // People are whole again when every node has had time to write its own.
  await until(async () => {
    const { count, partial } = await bob.call("presence", { room: "a" });
    return count === 2 && !partial;
  });
});
