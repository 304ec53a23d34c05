import { randomUUID } from "node:crypto";
import { Client } from "pg";

import { publishInTransaction } from "../../src/publisher";
import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import { queryRows } from "../../src/testing/test-database";

let server: TestServer;
let publisher: Client;
let room: string;
let runs = 0;

beforeAll(async () => {
  server = await startTestServer({
    nodes: 2,
    // Too slow to be of any help: what arrives was announced.
    config: { namespaces: ["/", "/support"], outbox: { pollIntervalMs: 600_000 } },
  });
  publisher = new Client({ connectionString: server.database });
  await publisher.connect();
});
beforeEach(() => {
  runs += 1;
  room = `room-${runs}`;
});
afterAll(async () => {
  await publisher.end();
  await server.close();
});

const CUT_LISTENERS_SQL = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'roomful outbox' AND datname = current_database()`;

const ofContent = (content: string) => (message: { content: string }) => message.content === content;

/** A reader of the room on each node. */
async function readers(namespace = "/"): Promise<[TestClient, TestClient]> {
  const clients = await Promise.all(
    server.nodes.map((node, index) => node.connect({ userId: `reader-${index}-${randomUUID()}`, namespace })),
  );
  for (const client of clients) {
    await client.call("join", { room });
  }
  return clients as [TestClient, TestClient];
}

async function publish(content: string, given: { namespace?: string; id?: string } = {}): Promise<string> {
  await publisher.query("BEGIN");
  const id = await publishInTransaction(publisher, { room, userId: "billing", content, ...given });
  await publisher.query("COMMIT");
  return id;
}

it("shows what was committed on every node, with its number, and not before the commit", async () => {
  const clients = await readers();
  await publisher.query("BEGIN");
  const id = await publishInTransaction(publisher, { room, userId: "billing", content: "Paid", type: "invoice.paid" });
  for (const client of clients) {
    await client.expectNone("message", ofContent("Paid"));
  }
  await publisher.query("COMMIT");

  for (const client of clients) {
    expect(await client.waitFor("message", ofContent("Paid"))).toMatchObject({
      ...{ id, room, seq: 1, tip: 1, userId: "billing", username: "billing", type: "invoice.paid" },
    });
    await client.expectNone("stored");
    await client.expectNone("message", ofContent("Paid"));
  }
});

it("shows nothing of what was rolled back", async () => {
  const clients = await readers();
  await publisher.query("BEGIN");
  await publishInTransaction(publisher, { room, userId: "billing", content: "Undone" });
  await publisher.query("ROLLBACK");
  await publish("Done");

  for (const client of clients) {
    expect(await client.waitFor("message", ofContent("Done"))).toMatchObject({ seq: 1 });
    await client.expectNone("message", ofContent("Undone"));
  }
});

it("numbers them together with what is sent over sockets, and catch-up holds both", async () => {
  const [alice, bob] = await readers();
  const contents: string[] = [];
  for (let index = 0; index < 10; index += 1) {
    await publish(`published ${index}`);
    await bob.waitFor("message", ofContent(`published ${index}`));
    await alice.call("message", { room, content: `sent ${index}` });
    contents.push(`published ${index}`, `sent ${index}`);
  }
  await bob.waitFor("stored", ({ runs: stored }) => stored.some(({ from, items }) => from + items.length === 21));

  for (const client of [alice, bob]) {
    const page = await client.call("join", { room, after: 0 });
    expect(page).toMatchObject({ recovered: true, lastSeq: 20, pending: [] });
    expect(page.messages.map(({ content }) => content)).toEqual(contents);
  }
});

it("answers a socket's repeat of what was published with its number", async () => {
  const [alice] = await readers();
  await publisher.query("BEGIN");
  const id = await publishInTransaction(publisher, { room, userId: alice.userId, content: "Both ways" });
  await publisher.query("COMMIT");
  await alice.waitFor("message", ofContent("Both ways"));

  expect(await alice.call("message", { room, id, content: "Both ways" })).toMatchObject({ seq: 1, duplicate: true });
});

it("keeps namespaces apart", async () => {
  const [here] = await readers();
  const [there] = await readers("/support");
  await publish("for support", { namespace: "/support" });

  expect(await there.waitFor("message", ofContent("for support"))).toMatchObject({ seq: 1 });
  await here.expectNone("message", ofContent("for support"));
});

it("hears of commits again when its connection was cut, and finds what was committed meanwhile", async () => {
  const [alice] = await readers();
  for (let round = 0; round < 3; round += 1) {
    for (let cut = 0; cut === 0; ) {
      cut = (await queryRows(server.database, CUT_LISTENERS_SQL)).length;
    }
    await publish(`meanwhile ${round}`);
    await alice.waitFor("message", ofContent(`meanwhile ${round}`));
  }
  await publish("afterwards");
  expect(await alice.waitFor("message", ofContent("afterwards"))).toMatchObject({ seq: 4 });
});

it("delivers what was committed while no node ran", async () => {
  const own = await startTestServer();
  await own.drain();
  const client = new Client({ connectionString: own.database });
  await client.connect();
  try {
    await client.query("BEGIN");
    for (let index = 0; index < 500; index += 1) {
      await publishInTransaction(client, { room: `hall-${index % 3}`, userId: "night", content: `${index}` });
    }
    await client.query("COMMIT");
    const next = await startTestServer({ database: own.database });
    const reader = await next.connect({ userId: "early" });
    await reader.call("join", { room: "hall-1" });
    for (let last = 0; last < 500; ) {
      last = (await readTable(own.database)).length;
    }

    const page = await reader.call("history", { room: "hall-1", after: 0, limit: 200 });
    expect(page.messages.map(({ content }) => Number(content))).toEqual(
      Array.from({ length: 167 }, (_, index) => 3 * index + 1),
    );
    await next.close();
  } finally {
    await client.end();
    await own.close();
  }
});
