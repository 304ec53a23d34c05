import { randomBytes } from "node:crypto";
import { Client } from "pg";

import { publishInTransaction } from "../../src/publisher";
import { startTestServer, type TestClient } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import { queryRows } from "../../src/testing/test-database";

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

async function publish(client: Client, content: string, room = "hall"): Promise<void> {
  await client.query("BEGIN");
  await publishInTransaction(client, { room, userId: "billing", content });
  await client.query("COMMIT");
}

const textsOf = (reader: TestClient) => reader.received("message").filter(({ type }) => type === "text");

it("shows on the other node what a node had committed and not yet broadcast when it was killed", async () => {
  const secret = randomBytes(48).toString("base64url");
  const dying = await startTestServer({ redis: true, config: { jwt: { secret: [secret] } } });
  const [locker, client] = [await connect(dying.database), await connect(dying.database)];
  try {
    await publish(client, "first");
    while ((await readTable(dying.database)).length === 0) {
      await dying.settled();
    }
    // The node has begun to append when it is killed: it waits for the room's row.
    await locker.query("BEGIN");
    await locker.query("SELECT * FROM rooms FOR UPDATE");
    await publish(client, "second");
    const appending =
      "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%FROM drain_outbox%' AND wait_event_type = 'Lock'";
    while ((await queryRows(dying.database, appending)).length === 0) {
      await dying.settled();
    }
    const config = { jwt: { secret: [secret] }, redis: { url: dying.redis?.url } };
    const other = await startTestServer({ database: dying.database, redis: false, config });
    try {
      const reader = await other.connect({ userId: "reader" });
      await reader.call("join", { room: "hall" });
      const killed = dying.kill();
      await locker.query("COMMIT");
      await killed;

      expect(await reader.waitFor("message", ({ content }) => content === "second")).toMatchObject({ seq: 2 });
      await publish(client, "third");
      expect(await reader.waitFor("message", ({ content }) => content === "third")).toMatchObject({ seq: 3 });
      expect((await readTable(dying.database)).map(({ content }) => content)).toEqual(["first", "second", "third"]);
    } finally {
      await other.close();
    }
  } finally {
    await Promise.all([locker.end(), client.end()]);
    await dying.close();
  }
});

it("loses and repeats nothing when one of the nodes that drain is killed in the middle of it", async () => {
  const server = await startTestServer({ nodes: 2, config: { outbox: { batchSize: 10 } } });
  const rooms = ["hall", "lobby", "yard"];
  const clients = await Promise.all([1, 2, 3].map(() => connect(server.database)));
  try {
    const reader = (await server.nodes[1]?.connect({ userId: "reader", rooms })) as TestClient;
    await reader.waitFor("room_state", ({ room }) => room === "yard");
    const publishing = Promise.all(
      clients.map(async (client, index) => {
        for (let count = 0; count < 150; count += 1) {
          await publish(client, `${index} ${count}`, rooms[count % 3]);
        }
      }),
    );
    while (textsOf(reader).length < 100) {
      await reader.fence();
    }
    await server.nodes[0]?.kill();
    await publishing;
    while (new Set(textsOf(reader).map(({ id }) => id)).size < 450) {
      await reader.fence();
    }

    const table = await readTable(server.database);
    expect(table).toHaveLength(450);
    for (const room of rooms) {
      expect(table.filter((row) => row.room === room).map(({ seq }) => seq)).toEqual(
        Array.from({ length: 150 }, (_, index) => index + 1),
      );
    }
    const seqOf = new Map(table.map(({ id, seq }) => [id, seq]));
    expect(textsOf(reader).filter(({ id, seq }) => seqOf.get(id) !== seq)).toEqual([]);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    await server.close();
  }
});
