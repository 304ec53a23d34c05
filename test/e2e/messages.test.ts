import { randomUUID } from "node:crypto";

import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";

let server: TestServer;
let alice: TestClient;
let bob: TestClient;
let room: string;

beforeAll(async () => {
  server = await startTestServer({ config: { namespaces: ["/", "/support"] } });
  alice = await server.connect({ userId: "alice" });
  bob = await server.connect({ userId: "bob", claims: { username: "Bob B.", color: "#00ff00" } });
});
beforeEach(async () => {
  room = `room-${randomUUID()}`;
  await alice.call("join", { room });
  await bob.call("join", { room });
});
afterAll(() => server.close());

const isOf = (id: string) => (payload: { id: string }) => payload.id === id;

it("acknowledges a message and delivers it to the room, its sender included", async () => {
  const id = randomUUID();
  const reply = await bob.emitWithAck("message", { room, id, content: "hi" });

  expect(reply).toEqual({ ok: true, data: { id, seq: 1, createdAt: expect.any(String), duplicate: false } });
  for (const client of [alice, bob]) {
    expect(await client.waitFor("message", isOf(id))).toEqual({
      ...{ id, room, type: "text", content: "hi", tip: 0 },
      ...{ userId: "bob", username: "Bob B.", color: "#00ff00", createdAt: expect.any(String) },
    });
  }
});

it("announces the numbers of what was shown, in one packet", async () => {
  const ids = [randomUUID(), randomUUID(), randomUUID()];
  await Promise.all(ids.map((id) => alice.call("message", { room, id, content: "one of three" })));

  const stored = await bob.waitFor("stored", (payload) => payload.room === room);

  expect(stored.runs).toEqual([{ from: 1, items: ids.map((id) => ["alice", id]) }]);
  expect(stored.epoch).toEqual(expect.any(String));
  await bob.expectNone("stored", (payload) => payload.room === room);
});

it("carries numbers along with the next message", async () => {
  const [first, second] = [randomUUID(), randomUUID()];
  await alice.call("message", { room, id: first, content: "first" });
  await alice.call("message", { room, id: second, content: "second" });

  const live = await bob.waitFor("message", isOf(second));

  expect(live.stored?.runs).toEqual([{ from: 1, items: [["alice", first]] }]);
  expect(live.tip).toBe(1);
});

it("passes content, type, replyTo, mentions and metadata on unchanged, live and stored", async () => {
  await alice.call("message", { room, content: "to be answered" });
  const body = {
    content: "\u202e𝕳ello\r\n\t\u0007 ‮ é e\u0301 👩‍👩‍👧 <b>&amp;</b>",
    type: "note.rich",
    replyTo: 1,
    mentions: ["bob", "bob", "nobody: at all"],
    metadata: { a: [1, 2.5, { b: null, "": true }], constructor: "x", long: 9007199254740991 },
  };
  const { id, seq } = await alice.call("message", { room, ...body });

  expect(await bob.waitFor("message", isOf(id))).toMatchObject(body);
  const { messages } = await bob.call("history", { room, after: 1 });
  expect(messages).toEqual([
    {
      ...body,
      id,
      room,
      seq,
      userId: "alice",
      username: "alice",
      color: expect.any(String),
      createdAt: expect.any(String),
    },
  ]);
});

it("makes an id where the sender gives none", async () => {
  const { id } = await alice.call("message", { room, content: "no id" });

  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect((await bob.waitFor("message", isOf(id))).content).toBe("no id");
});

it("answers a repeat with the first number, and shows it once", async () => {
  const message = { room, id: randomUUID(), content: "said twice" };
  const [first, second] = await Promise.all([alice.call("message", message), alice.call("message", message)]);
  const third = await alice.call("message", message);

  expect([first.duplicate, second.duplicate, third.duplicate]).toEqual([false, true, true]);
  expect([second.seq, third.seq]).toEqual([first.seq, first.seq]);
  expect(third.createdAt).toBe(first.createdAt);
  await bob.waitFor("message", isOf(message.id));
  await bob.expectNone("message", isOf(message.id));
});

it("answers a repeat that only the table knows with the first number, and announces it", async () => {
  const message = { room, id: randomUUID(), content: "said to another node first" };
  const other = await startTestServer({ database: server.database });
  try {
    const elsewhere = await other.connect({ userId: "alice", rooms: [room] });
    await elsewhere.call("message", { room, content: "before" });
    await elsewhere.call("message", message);
    await alice.call("message", { room, content: "after" });
    await bob.waitFor("stored", (payload) => payload.room === room);

    const repeat = await alice.call("message", message);

    expect(repeat).toMatchObject({ seq: 2, duplicate: true });
    // It was shown again, since this node could not know; its first number says where it belongs.
    await bob.waitFor("message", isOf(message.id));
    const stored = await bob.waitFor("stored", (payload) => payload.room === room);
    expect(stored.runs).toEqual([{ from: 2, items: [["alice", message.id]] }]);
    const page = await bob.call("join", { room, after: 0 });
    expect(page.messages.map(({ seq, content }) => [seq, content])).toEqual([
      [1, "before"],
      [2, "said to another node first"],
      [3, "after"],
    ]);
  } finally {
    await other.close();
  }
});

it("refuses an id that was used for other content, and shows nothing", async () => {
  const id = randomUUID();
  await alice.call("message", { room, id, content: "first" });
  await bob.waitFor("message", isOf(id));

  const reply = await alice.emitWithAck("message", { room, id, content: "second" });

  expect(reply).toMatchObject({ ok: false, error: { code: "IDEMPOTENCY_CONFLICT", retryable: false } });
  await bob.expectNone("message", isOf(id));
  await bob.expectNone("retracted", isOf(id));
});

it("retracts what was shown when only the table knew that its id was taken", async () => {
  const id = randomUUID();
  const otherRoom = `other-${room}`;
  const other = await startTestServer({ database: server.database });
  try {
    const elsewhere = await other.connect({ userId: "alice", rooms: [otherRoom] });
    await elsewhere.call("message", { room: otherRoom, id, content: "same words, another room" });
  } finally {
    await other.close();
  }

  const reply = await alice.emitWithAck("message", { room, id, content: "same words, another room" });

  expect(reply).toMatchObject({ ok: false, error: { code: "IDEMPOTENCY_CONFLICT" } });
  expect(await bob.waitFor("retracted", isOf(id))).toEqual({ room, userId: "alice", id, code: "IDEMPOTENCY_CONFLICT" });
  expect((await bob.call("history", { room })).messages).toEqual([]);
});

it("keeps an id to its sender: another user's copy of it is another message", async () => {
  const id = randomUUID();
  const mine = await alice.call("message", { room, id, content: "mine" });
  const copied = await bob.call("message", { room, id, content: "copied" });

  expect([mine, copied]).toMatchObject([
    { seq: 1, duplicate: false },
    { seq: 2, duplicate: false },
  ]);
});

it("uses an id for one message over all namespaces", async () => {
  const id = randomUUID();
  const support = await server.connect({ userId: "alice", namespace: "/support", rooms: [room] });
  await alice.call("message", { room, id, content: "here" });

  const reply = await support.emitWithAck("message", { room, id, content: "here" });

  expect(reply).toMatchObject({ ok: false, error: { code: "IDEMPOTENCY_CONFLICT" } });
});

it("rejects an answer to a number that is not stored before anybody sees it", async () => {
  const id = randomUUID();
  const reply = await alice.emitWithAck("message", { room, id, content: "what?", replyTo: 7 });

  expect(reply).toMatchObject({ ok: false, error: { code: "STORAGE_REJECTED", retryable: false } });
  await bob.expectNone("message", isOf(id));
  await bob.expectNone("retracted", isOf(id));
  expect(await alice.call("message", { room, content: "no number was lost" })).toMatchObject({ seq: 1 });
});

it("numbers each room 1, 2, 3 ... while many send into many rooms", async () => {
  const rooms = Array.from({ length: 8 }, (_, index) => `${room}-${index}`);
  const senders = await Promise.all(
    Array.from({ length: 6 }, (_, index) => server.connect({ userId: `sender-${index}`, rooms })),
  );
  const answers = await Promise.all(
    senders.flatMap((sender) =>
      rooms.flatMap((name) =>
        Array.from({ length: 6 }, async (_, index) => {
          const { id, seq } = await sender.call("message", { room: name, content: `${index}` });
          return { room: name, userId: sender.userId, id, seq };
        }),
      ),
    ),
  );
  const table = (await readTable(server.database)).filter((row) => rooms.includes(row.room));

  expect(table).toHaveLength(288);
  for (const name of rooms) {
    expect(table.filter((row) => row.room === name).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 36 }, (_, index) => index + 1),
    );
  }
  const place = (row: { room: string; userId: string; id: string; seq: number }): string =>
    `${row.room} ${row.seq} ${row.userId} ${row.id}`;
  expect(answers.map(place).sort()).toEqual(table.map(place).sort());
  // A sender's order within a room is the order of its sends.
  for (const sender of senders) {
    for (const name of rooms) {
      const contents = table.filter((row) => row.room === name && row.userId === sender.userId);
      expect(contents.map(({ content }) => Number(content))).toEqual(Array.from({ length: 6 }, (_, index) => index));
    }
  }
});

it("shows a room to its members only", async () => {
  const outsider = await server.connect({ userId: "outsider" });
  const spy = await server.connect({ userId: "spy" });
  // The names of other sockets' private rooms inside Socket.IO.
  // Refused where the id begins with what no room's name does.
  await spy.emitWithAck("join", { room: alice.socket.id ?? "" });
  await spy.call("join", { room: `r:${room}` });
  await spy.call("join", { room: "u:alice" });
  const { id } = await alice.call("message", { room, content: "between us" });
  await bob.waitFor("message", isOf(id));

  await outsider.expectNone("message", isOf(id));
  await spy.expectNone("message", isOf(id));
});
