import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { startTestServer, type TestClient } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";

it("loses a node without losing what was acknowledged, and takes its people out of the lists", async () => {
  const server = await startTestServer({ nodes: 2 });
  try {
    const [dying, other] = server.nodes;
    const watcher = (await other?.connect({ userId: "watcher" })) as TestClient;
    await watcher.call("join", { room: "hall" });
    const alice = (await dying?.connect({ userId: "alice" })) as TestClient;
    await alice.call("join", { room: "hall" });
    const kept = await alice.call("message", { room: "hall", content: "kept" });
    const id = randomUUID();
    // Shown, and on its way to the table when the node goes.
    server.postgres.pause();
    const unanswered = alice.emitWithAck("message", { room: "hall", id, content: "unknown" }).catch(() => "no answer");
    await watcher.waitFor("message", (message) => message.id === id);

    await dying?.kill();
    server.postgres.resume();

    expect(await unanswered).toBe("no answer");
    expect(alice.received("draining")).toEqual([]);
    for (let hasLeft = false; !hasLeft; ) {
      await delay(20);
      hasLeft = watcher.received("user_left").length > 0;
    }
    expect(watcher.received("user_left")).toMatchObject([{ userId: "alice", count: 1 }]);
    const back = (await other?.connect({ userId: "alice" })) as TestClient;
    const page = await back.call("join", { room: "hall", after: 0 });
    expect(page.messages[0]).toMatchObject({ id: kept.id, seq: 1 });
    const again = await back.call("message", { room: "hall", id, content: "unknown" });
    expect(again.seq).toBe(2);
    expect((await readTable(server.database)).map(({ content }) => content)).toEqual(["kept", "unknown"]);
  } finally {
    await server.close();
  }
});
