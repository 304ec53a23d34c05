import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { createPublisher, type Publisher, type PublisherCommand } from "../../src/publisher";
import { startTestServer, type TestClient, type TestNode, type TestServer } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import { tries } from "../support/tries";

let server: TestServer;
/** Where the clients are, and where nobody is but the caller. */
let home: TestNode;
let away: TestNode;
let publisher: Publisher;
let room: string;

beforeAll(async () => {
  server = await startTestServer({ nodes: 2, config: { namespaces: ["/", "/support"] } });
  [home, away] = server.nodes as [TestNode, TestNode];
  publisher = createPublisher({ url: away.url, apiKey: server.apiKey });
});
beforeEach(() => {
  room = `room-${randomUUID()}`;
});
afterAll(() => server.close());

async function member(userId: string = randomUUID(), namespace = "/"): Promise<TestClient> {
  const client = await home.connect({ userId, namespace });
  await client.call("join", { room });
  return client;
}

it("publishes a message that clients of another node see, and answers its number", async () => {
  const ada = await member();
  const answer = await publisher.publish(room, { userId: "billing", content: "Paid", metadata: { invoice: 17 } });

  expect(answer).toMatchObject({ seq: 1, duplicate: false });
  const shown = await ada.waitFor("message", ({ id }) => id === answer.id);
  expect(shown).toMatchObject({ userId: "billing", username: "billing", content: "Paid", metadata: { invoice: 17 } });
});

it("emits to rooms, to users, and not to whom it excepts", async () => {
  const [ada, bob] = [await member(), await member()];
  await publisher.emit(room, "x_price", 7, { except: [bob.userId] });
  await publisher.emitToUser(bob.userId, "x_yours", { order: 1 });
  await publisher.broadcast([room, "void"], "x_end", null);

  await ada.waitFor("x_end");
  await bob.waitFor("x_end");
  expect([ada.received("x_price"), bob.received("x_price")]).toEqual([[7], []]);
  expect([ada.received("x_yours"), bob.received("x_yours")]).toEqual([[], [{ order: 1 }]]);
});

it("reaches its namespace", async () => {
  const [here, there] = [await member(), await member(undefined, "/support")];
  const support = createPublisher({ url: away.url, apiKey: server.apiKey, namespace: "/support" });
  await support.publish(room, { userId: "billing", content: "ticket" });

  await there.waitFor("message", ({ content }) => content === "ticket");
  await here.expectNone("message", ({ content }) => content === "ticket");
});

it("does a batch, and answers each of it", async () => {
  const ada = await member();
  const commands: PublisherCommand[] = [
    { command: "message", room, body: { userId: "billing", content: "1" } },
    { command: "message", room, body: { userId: "billing", content: "" } },
    { command: "room_event", room, body: { event: "x_between", data: 1 } },
    { command: "message", room, body: { userId: "billing", content: "2" } },
  ];
  const options = { idempotencyKey: randomUUID() };
  const results = await publisher.batch(commands, options);
  const again = await publisher.batch(commands, options);

  expect(results).toMatchObject([
    { data: { seq: 1, duplicate: false } },
    { error: { code: "PAYLOAD_INVALID" } },
    { data: { accepted: true } },
    { data: { seq: 2 } },
  ]);
  expect(again).toMatchObject([{ data: { seq: 1 }, replayed: true }, {}, { replayed: true }, { data: { seq: 2 } }]);
  await ada.waitFor("message", ({ content }) => content === "2");
  await publisher.emit(room, "x_end", 1);
  await ada.waitFor("x_end");
  expect(ada.received("x_between")).toEqual([1]);
});

it("says with a code what is refused", async () => {
  await expect(publisher.publish("no room!", { userId: "u", content: "x" })).rejects.toMatchObject({
    code: "PAYLOAD_INVALID",
  });
  await expect(publisher.emit(room, "message", {})).rejects.toMatchObject({ code: "PAYLOAD_INVALID" });
  const stranger = createPublisher({ url: away.url, apiKey: "wrong" });
  await expect(stranger.publish(room, { userId: "u", content: "x" })).rejects.toMatchObject({
    code: "API_KEY_INVALID",
  });
  const id = randomUUID();
  await publisher.publish(room, { userId: "u", content: "x", id });
  await expect(publisher.publish(room, { userId: "u", content: "y", id })).rejects.toMatchObject({
    code: "IDEMPOTENCY_CONFLICT",
  });
});

/** Each lasts as long as the publisher waits between two of three tries. */
const REPEATS = tries({ few: 4, many: 10 });

it("does everything once behind something that loses two answers of three", async () => {
  const ada = await member();
  let requests = 0;
  const lossy = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const { authorization = "", "idempotency-key": key } = request.headers;
    const answer = await fetch(new URL(request.url ?? "", away.url), {
      method: "POST",
      headers: {
        ...{ authorization, "content-type": "application/json" },
        ...(typeof key === "string" && { "idempotency-key": key }),
      },
      body: Buffer.concat(chunks),
    });
    const text = await answer.text();
    requests += 1;
    if (requests % 3 === 0) {
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(text);
    } else {
      request.socket.destroy();
    }
  }).listen(0, "127.0.0.1");
  await once(lossy, "listening");
  const { port } = lossy.address() as { port: number };
  const through = createPublisher({ url: `http://127.0.0.1:${port}`, apiKey: server.apiKey });
  try {
    for (let index = 0; index < REPEATS; index += 1) {
      await through.publish(room, { userId: "billing", content: `single ${index}` });
      await through.emit(room, "x_event", index);
      await through.batch([
        { command: "message", room, body: { userId: "billing", content: `first ${index}` } },
        { command: "message", room, body: { userId: "billing", content: `second ${index}` } },
      ]);
    }
    await publisher.emit(room, "x_end", 1);
    await ada.waitFor("x_end");
  } finally {
    lossy.closeAllConnections();
    lossy.close();
  }

  const table = (await readTable(server.database)).filter((row) => row.room === room);
  expect(table.map(({ content }) => content)).toEqual(
    Array.from({ length: REPEATS }, (_, index) =>
      ["single", "first", "second"].map((what) => `${what} ${index}`),
    ).flat(),
  );
  expect(ada.received("x_event")).toEqual(Array.from({ length: REPEATS }, (_, index) => index));
  expect(requests).toBe(9 * REPEATS);
});
