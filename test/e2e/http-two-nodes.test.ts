import { setTimeout as delay } from "node:timers/promises";

import type { HistoryPage, PresencePage, RoomList } from "../../src";
import { startTestServer, type TestClient, type TestNode, type TestServer } from "../../src/testing";
import { type ApiRequest, callApi } from "../support/api-client";
import { refusalOf } from "../support/refusal";

let server: TestServer;
/** Where the clients are, and where nobody is but the caller. */
let home: TestNode;
let away: TestNode;
beforeAll(async () => {
  server = await startTestServer({ nodes: 2 });
  [home, away] = server.nodes as [TestNode, TestNode];
});
afterAll(() => server.close());

const call = <Body = Record<string, unknown>>(method: string, path: string, request: ApiRequest = {}) =>
  callApi<Body>({ url: away.url, apiKey: server.apiKey }, method, path, request);

/** A client on the other node, in a room, and the events of other programs that it hears. */
async function member(userId: string, room: string): Promise<{ client: TestClient; heard: unknown[][] }> {
  const client = await home.connect({ userId });
  await client.call("join", { room });
  const heard: unknown[][] = [];
  client.socket.onAny((event: string, data: unknown) => {
    if (event.startsWith("x_")) {
      heard.push([event, data]);
    }
  });
  return { client, heard };
}

/** Resolves when everything that the caller's node has sent so far is there: events of one node stay in order. */
async function arrived({ client }: { client: TestClient }): Promise<void> {
  const mark = `mark-${Math.random()}`;
  await call("POST", `/v1/users/${client.userId}/events`, { body: { event: "x_end", data: mark } });
  await new Promise<void>((resolve) => {
    const listen = (event: string, data: unknown): void => {
      if (event === "x_end" && data === mark) {
        client.socket.offAny(listen);
        resolve();
      }
    };
    client.socket.onAny(listen);
    // It may have come before the answer did.
    if (client.received("x_end").includes(mark)) {
      resolve();
    }
  });
}

const withoutEnd = (heard: unknown[][]) => heard.filter(([event]) => event !== "x_end");

it("shows a message to a room of the other node, and numbers it there", async () => {
  const { client } = await member("ada", "far");

  const { status, body } = await call("POST", "/v1/rooms/far/messages", { body: { userId: "bot", content: "hello" } });

  expect([status, body["seq"]]).toEqual([201, 1]);
  expect(await client.waitFor("message", ({ userId }) => userId === "bot")).toMatchObject({ id: body["id"] });
  await client.waitFor("stored", ({ runs }) => runs[0]?.items[0]?.[1] === body["id"]);
});

it("shows a message of a strict room only after its commit, where only the other node has members", async () => {
  await call("PUT", "/v1/rooms/far-strict", { body: { delivery: "strict" } });
  const { client } = await member("ada", "far-strict");

  await call("POST", "/v1/rooms/far-strict/messages", { body: { userId: "bot", content: "late" } });

  expect(await client.waitFor("message", ({ userId }) => userId === "bot")).toMatchObject({ seq: 1 });
});

it("gives a room another delivery mode on all nodes", async () => {
  const { client } = await member("ada", "changing");
  await call("POST", "/v1/rooms/changing/messages", { body: { userId: "bot", content: "fast" } });
  expect(await client.waitFor("message", ({ userId }) => userId === "bot")).not.toHaveProperty("seq");

  await call("PUT", "/v1/rooms/changing", { body: { delivery: "strict" } });
  expect((await call("GET", "/v1/rooms/changing")).body).toMatchObject({ delivery: "strict", lastSeq: 1, count: 1 });

  await until(async () => {
    await client.call("message", { room: "changing", content: "now?" });
    const shown = client.received("message").findLast(({ userId }) => userId === "ada");
    return shown?.seq !== undefined;
  });
});

it("emits events of any other name to a room, but not to the users and sockets that are excepted", async () => {
  const [ada, bob, carol] = [await member("ada", "game"), await member("bob", "game"), await member("carol", "game")];
  const outside = await member("dave", "elsewhere");
  const data = { score: [2, 1], nothing: null, deep: { a: "b" } };

  const { status, body } = await call("POST", "/v1/rooms/game/events", {
    body: { event: "x_score", data, except: ["bob", carol.client.socket.id, "r:game"] },
  });

  expect([status, body]).toEqual([202, { accepted: true }]);
  for (const each of [ada, bob, carol, outside]) {
    await arrived(each);
  }
  expect(withoutEnd(ada.heard)).toEqual([["x_score", data]]);
  expect([bob, carol, outside].flatMap(({ heard }) => withoutEnd(heard))).toEqual([]);
});

it("emits to all sockets of a user, and to several rooms once", async () => {
  const [first, second] = [await member("eve", "one"), await member("eve", "two")];
  const other = await member("frank", "one");

  await call("POST", "/v1/users/eve/events", { body: { event: "x_mail", data: 1 } });
  await call("POST", "/v1/broadcast", { body: { event: "x_all", data: 2, rooms: ["one", "two"], volatile: true } });
  await first.client.call("join", { room: "two" });
  await call("POST", "/v1/broadcast", { body: { event: "x_once", data: 3, rooms: ["one", "two"], except: ["frank"] } });

  for (const each of [first, second, other]) {
    await arrived(each);
  }
  const all = [
    ["x_mail", 1],
    ["x_all", 2],
    ["x_once", 3],
  ];
  expect(withoutEnd(first.heard)).toEqual(all);
  expect(withoutEnd(second.heard)).toEqual(all);
  expect(withoutEnd(other.heard)).toEqual([["x_all", 2]]);
});

it("reads rooms, messages and who is online, wherever they are", async () => {
  await member("grace", "library");
  for (const content of ["one", "two", "three"]) {
    await call("POST", "/v1/rooms/library/messages", { body: { userId: "grace", content } });
  }

  const rooms = await call<RoomList>("GET", "/v1/rooms?after=lib");
  expect(rooms.body.rooms[0]).toEqual({ room: "library", count: 1, lastSeq: 3 });
  const room = await call("GET", "/v1/rooms/library");
  expect(room.body).toEqual({
    ...{ room: "library", lastSeq: 3, delivery: "default", count: 1, partial: false, epoch: expect.any(String) },
  });
  expect((await call("GET", "/v1/rooms/never-used")).body).toMatchObject({ epoch: null, lastSeq: 0, count: 0 });
  const members = await call<PresencePage>("GET", "/v1/rooms/library/members");
  expect(members.body).toMatchObject({ users: [{ userId: "grace" }], count: 1 });
  const contentsAt = async (query: string) =>
    (await call<HistoryPage>("GET", `/v1/rooms/library/messages${query}`)).body.messages.map(({ content }) => content);
  expect(await contentsAt("")).toEqual(["one", "two", "three"]);
  expect(await contentsAt("?after=1&limit=1")).toEqual(["two"]);
  expect(await contentsAt("?before=3&limit=1")).toEqual(["two"]);
  expect(await contentsAt("?around=3&limit=2")).toEqual(["three"]);
});

it("disconnects a user on all nodes, who may come back", async () => {
  const { client } = await member("heidi", "lobby");
  const local = await away.connect({ userId: "heidi" });
  const gone = Promise.all([client.disconnected(), local.disconnected()]);

  expect((await call("DELETE", "/v1/users/heidi/connections")).status).toBe(202);

  await gone;
  expect(await client.waitFor("closing")).toMatchObject({ code: "DISCONNECTED", retryable: true });
  const back = await home.connect({ userId: "heidi", lastSocketId: client.welcome.socketId });
  expect(back.welcome.lastDisconnect).toMatchObject({ code: "DISCONNECTED" });
});

it("withdraws a user's tokens on all nodes", async () => {
  const token = await server.tokens.mint({ userId: "mallory" });
  const client = await home.connect({ userId: "mallory", token });
  const gone = client.disconnected();

  // Tokens hold whole seconds: one of this second is taken for one of before.
  const { body } = await call("POST", "/v1/users/mallory/revoke", {});

  await gone;
  expect(await client.waitFor("closing")).toMatchObject({ code: "REVOKED" });
  expect(body).toEqual({ userId: "mallory", issuedBefore: expect.stringMatching(/Z$/) });
  expect(await refusalOf(away.connect({ userId: "mallory", token }))).toMatchObject({ code: "REVOKED" });
  await call("POST", "/v1/users/niaj/revoke", { body: { before: "2020-01-01T00:00:00Z" } });
  await home.connect({ userId: "niaj" });
});

// The last of them: it may keep this process so busy that its nodes take Redis for lost, and presence is partial then.
it("does a batch whose rooms are elsewhere", async () => {
  const ada = await member("ada", "far-batch");
  const commands = Array.from({ length: 1_000 }, (_, n) => ({
    ...{ command: "message", room: "far-batch", body: { userId: "bot", content: `${n}` } },
  }));

  const { body } = await call<{ results: { data: { seq: number } }[] }>("POST", "/v1/batch", { body: { commands } });

  expect(body.results.map(({ data }) => data.seq)).toEqual(commands.map((_, n) => n + 1));
  await ada.client.waitFor("message", ({ content }) => content === "999");
  const contents = ada.client.received("message").filter(({ userId }) => userId === "bot");
  // A busy machine may miss a probe of Redis: the table is asked then, and what comes both ways is one message by its key.
  const shown = new Map(contents.map(({ id, content }) => [id, content]));
  expect([...shown.values()]).toEqual(commands.map(({ body: { content } }) => content));
});

describe("where rooms are for members", () => {
  let club: TestServer;
  beforeAll(async () => {
    club = await startTestServer({ nodes: 2, config: { roomAccess: "members" } });
  });
  afterAll(() => club.close());

  it("lets a user join, and puts one out on the other node", async () => {
    const [at, caller] = club.nodes as [TestNode, TestNode];
    const ask = (method: string) =>
      callApi({ url: caller.url, apiKey: club.apiKey }, method, "/v1/rooms/board/members/ada%2F%E2%82%AC");
    const ada = await at.connect({ userId: "ada/€" });
    expect(await ada.emitWithAck("join", { room: "board" })).toMatchObject({ error: { code: "ROOM_FORBIDDEN" } });

    expect((await ask("PUT")).body).toEqual({ room: "board", userId: "ada/€" });
    await ada.call("join", { room: "board" });

    expect((await ask("DELETE")).body).toEqual({ room: "board", userId: "ada/€", removed: true });
    await ada.waitFor("room_state", (state) => "error" in state && state.error.code === "ROOM_FORBIDDEN");
    expect((await ask("DELETE")).body).toMatchObject({ removed: false });
  });
});

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) {
    await delay(20);
  }
}
