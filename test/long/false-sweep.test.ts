import { startTestServer, type TestClient } from "../../src/testing";
import { FaultProxy } from "../../src/testing/fault-proxy";

/** Resolves when the client was told so; the waits are Redis' own, in real time. */
async function told(client: TestClient, event: "user_joined" | "user_left", userId: string): Promise<number> {
  for (;;) {
    const step = client.received(event).find((each) => each.userId === userId);
    if (step) {
      return step.count;
    }
    await client.fence();
  }
}

it("takes back aloud what was told of a node that lost its Redis and lives", async () => {
  const server = await startTestServer({ redis: true });
  const { hostname, port } = new URL(server.redis?.url ?? "");
  const way = await FaultProxy.start({ target: () => ({ host: hostname, port: Number(port) }) });
  const url = `redis://${way.address.host}:${way.address.port}`;
  const lonely = await startTestServer({ database: server.database, config: { redis: { url } } });
  try {
    const watcher = await server.connect({ userId: "watcher" });
    await watcher.call("join", { room: "hall" });
    const people: TestClient[] = [];
    for (const userId of ["alice", "bob", "leaver"]) {
      const client = await lonely.connect({ userId });
      await client.call("join", { room: "hall" });
      await told(watcher, "user_joined", userId);
      people.push(client);
    }
    const [alice, , leaver] = people as [TestClient, TestClient, TestClient];
    const before = watcher.received("user_joined").length;

    way.cut();
    for (const userId of ["alice", "bob", "leaver"]) {
      await told(watcher, "user_left", userId);
    }
    await leaver.call("leave", { room: "hall" });
    way.resume();

    // Many may be back at once: all but one of them are named together.
    const isBack = (userId: string): boolean =>
      watcher
        .received("user_joined")
        .slice(before)
        .some((step) => step.userId === userId) ||
      watcher.received("presence_changed").some(({ joined }) => joined.some((user) => user.userId === userId));
    while (!isBack("alice") || !isBack("bob")) {
      await watcher.fence();
    }
    const { users, count } = await watcher.call("presence", { room: "hall" });
    expect([users.map(({ userId }) => userId), count]).toEqual([["alice", "bob", "watcher"], 3]);
    expect(watcher.received("user_joined").at(-1)).toMatchObject({ count: 3, users });
    expect([isBack("leaver"), isBack("watcher")]).toEqual([false, false]);
    await alice.expectNone("user_left", ({ userId }) => userId !== "leaver");
  } finally {
    await lonely.close();
    await way.close();
    await server.close();
  }
}, 120_000);
