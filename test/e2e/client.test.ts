import type { Client } from "../../client/src";
import { startTestServer, type TestServer, until } from "../../src/testing";
import { connectSdk } from "../support/sdk-client";

let server: TestServer;
const clients: Client[] = [];

beforeAll(async () => {
  server = await startTestServer();
});

afterEach(() => {
  for (const client of clients.splice(0)) {
    client.close();
  }
});

afterAll(() => server.close());

function connect(userId: string, options: Parameters<typeof connectSdk>[2] = {}): Client {
  const client = connectSdk(server, userId, options);
  clients.push(client);
  return client;
}

it("joins by itself, shows a message at once, and resolves with its number", async () => {
  const ada = connect("ada").room("lobby");
  const bob = connect("bob").room("lobby");
  await until(ada, ({ status }) => status === "live");
  await until(bob, ({ status }) => status === "live");

  const sending = ada.send("Hello");
  expect(ada.messages.filter(({ type }) => type === "text")).toMatchObject([
    { content: "Hello", status: "sending", isOwn: true },
  ]);
  const { id, seq, createdAt } = await sending;

  expect(seq).toBe(1);
  expect(ada.messages.find((message) => message.id === id)).toMatchObject({ seq, createdAt, status: "stored" });
  const { messages } = await until(bob, (room) => room.messages.some((message) => message.status === "stored"));
  expect(messages.filter(({ type }) => type === "text")).toMatchObject([
    { id, seq, content: "Hello", userId: "ada", username: "ada", isOwn: false, createdAt },
  ]);
});

it("keeps what was written without a connection, and sends it in order when there is one", async () => {
  let isAway = true;
  const client = connect("carol", {
    getToken: () => (isAway ? Promise.reject(new Error("no network")) : server.tokens.mint({ userId: "carol" })),
  });
  const room = client.room("later");
  await until(client.connection, ({ status }) => status === "waiting");
  const sends = ["one", "two", "three"].map((content) => room.send(content));
  expect(room.messages.map(({ status }) => status)).toEqual(["sending", "sending", "sending"]);

  isAway = false;
  client.connection.reconnect();

  expect((await Promise.all(sends)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(room.messages.filter(({ type }) => type === "text")).toMatchObject([
    { content: "one", userId: "carol", status: "stored", isOwn: true },
    { content: "two" },
    { content: "three" },
  ]);
});

it("sends what another process was not answered, from the storage, in the room that it was for", async () => {
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  };
  const before = connect("dave", { storage });
  await until(before.connection, ({ status }) => status === "connected");
  const lost = before.room("kept").send("not lost");
  before.close();
  await expect(lost).rejects.toMatchObject({ code: "CLOSED" });
  expect([before.room("kept").status, before.connection.getSnapshot().status]).toEqual(["left", "closed"]);

  const after = connect("dave", { storage });

  const reader = connect("erin").room("kept");
  await until(reader, ({ messages }) => messages.some(({ content, seq }) => content === "not lost" && seq === 1));
  await until(after.room("kept"), ({ messages }) => messages.some(({ status }) => status === "stored"));
  await until(after.connection, () => items.get("roomful:outbox:/") === "[]");
});

it("says so when a message is refused for good, and lets it be sent again or discarded", async () => {
  const room = connect("frank").room("refusals");
  const id = "01890a5d-ac96-774b-bcce-b302099a8057";

  await expect(room.send("x".repeat(9_000), { id })).rejects.toMatchObject({
    ...{ code: "PAYLOAD_TOO_LARGE", retryable: false, mayBeStored: false },
  });
  expect(room.messages.find((message) => message.id === id)).toMatchObject({
    status: "failed",
    error: { code: "PAYLOAD_TOO_LARGE" },
  });
  await expect(room.resend(id)).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  room.discard(id);

  expect(room.messages.filter(({ type }) => type === "text")).toEqual([]);
});

it("is refused where its token does not admit it, and fails what was sent there", async () => {
  const token = await server.tokens.mint({ userId: "grace", rooms: ["open-*"] });
  const room = connect("grace", { token }).room("closed");
  const sending = room.send("let me in");

  await expect(sending).rejects.toMatchObject({ code: "ROOM_FORBIDDEN", mayBeStored: false });
  expect(room.getSnapshot()).toMatchObject({ status: "refused", error: { code: "ROOM_FORBIDDEN" } });
});

it("gives up on a token that is refused, and says why", async () => {
  const client = connect("nobody", { token: "no token at all" });

  const { error } = await until(client.connection, ({ status }) => status === "refused");

  expect(error).toMatchObject({ code: "TOKEN_INVALID" });
});

it("renews its token before it expires", async () => {
  let minted = 0;
  const client = connect("heidi", {
    getToken() {
      minted += 1;
      return server.tokens.mint({ userId: "heidi", ttlMs: 3_600_000 });
    },
  });
  await until(client.connection, ({ status }) => status === "connected");
  const { socketId } = client.connection.getSnapshot();

  await server.clock.advance(3_545_000);
  await until(client.room("heidi"), ({ status }) => status === "live");
  await server.clock.advance(60_000);
  await client.room("heidi").send("still here");

  expect(minted).toBe(2);
  expect(client.connection.getSnapshot().socketId).toBe(socketId);
});

it("brings older messages, page by page, and shows who is here and who types", async () => {
  const writer = connect("ivan").room("long");
  for (let index = 1; index <= 60; index += 1) {
    void writer.send(`line ${index}`);
  }
  await writer.send("line 61");
  const reader = connect("judy").room("long");
  const numbers = (): (number | undefined)[] => reader.messages.flatMap(({ seq }) => seq ?? []);
  await until(reader, ({ status }) => status === "live");
  expect([numbers()[0], numbers().length, reader.hasOlder]).toEqual([12, 50, true]);

  await Promise.all([reader.loadOlder(5), reader.loadOlder(5)]);
  expect(numbers()[0]).toBe(7);
  await reader.loadOlder();

  expect([numbers()[0], numbers().length, reader.hasOlder, reader.lastSeq]).toEqual([1, 61, false, 61]);
  expect(reader.members.map(({ userId }) => userId).sort()).toEqual(["ivan", "judy"]);
  writer.setTyping(true);
  await until(reader, ({ typing }) => typing.some(({ userId }) => userId === "ivan"));
  writer.setTyping(false);
  await until(reader, ({ typing }) => typing.length === 0);
  await writer.leave();
  await until(reader, ({ memberCount }) => memberCount === 1);
  expect(writer.status).toBe("left");
});

it("answers the same snapshot, and the same messages in it, while nothing about them changes", async () => {
  const room = connect("mallory").room("snapshots");
  await room.send("first");
  const before = room.getSnapshot();
  expect(room.getSnapshot()).toBe(before);

  await room.send("second");

  const after = room.getSnapshot();
  const first = ({ messages }: typeof before) => messages.find(({ content }) => content === "first");
  expect(after).not.toBe(before);
  expect(first(after)).toBe(first(before));
});
