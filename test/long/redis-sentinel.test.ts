import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { readMetric } from "../support/metrics";
import { type SentinelGroup, startSentinelGroup } from "../support/sentinel-group";

let group: SentinelGroup;
let server: TestServer;
let alice: TestClient;
let bob: TestClient;

beforeEach(async () => {
  group = await startSentinelGroup();
  server = await startTestServer({ nodes: 2, redis: false, config: { redis: { url: group.url } } });
  alice = (await server.nodes[0]?.connect({ userId: "alice", rooms: ["a"] })) as TestClient;
  await alice.waitFor("room_state");
  bob = (await server.nodes[1]?.connect({ userId: "bob", rooms: ["a"] })) as TestClient;
  await bob.waitFor("room_state");
}, 60_000);
afterEach(async () => {
  await server?.close();
  await group?.stop();
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Messages cross at once, not by the table, and presence is whole. */
async function untilJoined(): Promise<void> {
  for (let isAtOnce = false; !isAtOnce; ) {
    const { id } = await alice.call("message", { room: "a", content: "do you hear me?" });
    isAtOnce = (await bob.waitFor("message", (message) => message.id === id)).seq === undefined;
  }
  for (const node of server.nodes) {
    await until(async () => (await readMetric(node, "roomful_redis_up")) === 1);
  }
  await until(async () => {
    const { count, partial } = await bob.call("presence", { room: "a" });
    return count === 2 && !partial;
  });
}

it.each<[string, () => Promise<void>]>([
  ["is killed", async () => (await group.primary())?.kill()],
  ["hangs", async () => (await group.primary())?.pause()],
  ["is made a replica", () => group.failOver()],
])(
  "follows the Sentinels when the primary %s",
  async (_how, takeAway) => {
    await untilJoined();
    const old = await group.primary();
    await takeAway();
    await until(async () => {
      const now = await group.primary();
      return now !== undefined && now !== old;
    });

    await untilJoined();
    await bob.expectNone("user_left");
    // What was sent while there was no primary came by the table.
    await server.expectRoomConsistent("a");
  },
  90_000,
);
