import { startTestServer, type TestClient, type TestServer } from "../../src/testing";

const about = (userId: string) => (payload: { userId: string }) => payload.userId === userId;

describe("in rooms of up to a hundred", () => {
  let server: TestServer;
  let watcher: TestClient;
  let room: string;
  let runs = 0;
  beforeAll(async () => {
    server = await startTestServer();
  });
  beforeEach(async () => {
    runs += 1;
    room = `room-${runs}`;
    watcher = await server.connect({ userId: "watcher" });
    await watcher.call("join", { room });
  });
  afterAll(() => server.close());

  it("tells all but the newcomer who came, with the whole list", async () => {
    const alice = await server.connect({ userId: "alice", claims: { username: "Alice", color: "#123456" } });
    await alice.call("join", { room });

    expect(await watcher.waitFor("user_joined", about("alice"))).toEqual({
      ...{ room, userId: "alice", username: "Alice", color: "#123456", count: 2 },
      users: [{ userId: "alice", username: "Alice", color: "#123456" }, expect.objectContaining({ userId: "watcher" })],
    });
    await alice.expectNone("user_joined");
  });

  it("tells everybody of a join with a system message, the newcomer too, and stores nothing", async () => {
    const alice = await server.connect({ userId: "alice", claims: { username: "$& Alice" } });
    await alice.call("join", { room });

    for (const client of [alice, watcher]) {
      expect(await client.waitFor("message", about("alice"))).toMatchObject({
        type: "system",
        content: "$& Alice joined the room",
        room,
      });
    }
    expect((await alice.call("history", { room })).messages).toEqual([]);
  });

  it("counts people and not tabs", async () => {
    const first = await server.connect({ userId: "alice" });
    const second = await server.connect({ userId: "alice" });
    await first.call("join", { room });
    expect(await second.call("join", { room })).toMatchObject({ count: 2 });
    await watcher.waitFor("user_joined", about("alice"));
    await watcher.expectNone("user_joined", about("alice"));

    first.close();
    await second.call("leave", { room });

    expect(await watcher.waitFor("user_left", about("alice"))).toMatchObject({ count: 1 });
    await watcher.expectNone("user_left", about("alice"));
  });

  it("shows nothing of a transport that is lost and back within the grace", async () => {
    const alice = await server.connect({ userId: "alice" });
    await alice.call("join", { room });
    await watcher.waitFor("user_joined", about("alice"));
    alice.loseTransport();
    await alice.disconnected();
    // Not nearer to the end of the grace: real time goes on too.
    await server.clock.advance(1_000);

    const back = await server.connect({ userId: "alice" });
    expect(await back.call("join", { room })).toMatchObject({ count: 2 });
    await server.clock.advance(10_000);

    await watcher.expectNone("user_left", about("alice"));
    await watcher.expectNone("user_joined", about("alice"));
    await back.call("leave", { room });
    expect(await watcher.waitFor("user_left", about("alice"))).toMatchObject({ count: 1 });
  });

  it("tells of a lost transport after the grace", async () => {
    const alice = await server.connect({ userId: "alice" });
    await alice.call("join", { room });
    await watcher.waitFor("user_joined", about("alice"));
    alice.loseTransport();
    // Nothing tells a client when the server has noticed: the grace is moved on until it has.
    const left = watcher.waitFor("user_left", about("alice"));
    for (let isTold = false; !isTold; ) {
      await server.clock.advance(1_000);
      isTold = await Promise.race([left.then(() => true), watcher.fence().then(() => false)]);
    }

    expect(await watcher.waitFor("message", ({ content }) => content === "alice left the room")).toMatchObject({
      type: "system",
    });
    expect(await watcher.call("presence", { room })).toMatchObject({ count: 1, partial: false });
  });

  it.each([
    ["leaves the room", async (client: TestClient) => void (await client.call("leave", { room }))],
    ["disconnects", async (client: TestClient) => client.close()],
  ])("tells at once when somebody %s", async (_how, leave) => {
    const alice = await server.connect({ userId: "alice" });
    await alice.call("join", { room });
    await leave(alice);

    expect(await watcher.waitFor("user_left", about("alice"))).toMatchObject({ room, count: 1 });
  });
});

describe("in rooms above a hundred", () => {
  it("tells in batches, without lists and system messages, and with lists again when it shrinks", async () => {
    const server = await startTestServer({ config: { presence: { maxListed: 3 } } });
    try {
      const room = "stadium";
      const watcher = await server.connect({ userId: "a-watcher" });
      await watcher.call("join", { room });
      const crowd = await Promise.all(["b", "c", "d", "e"].map((userId) => server.connect({ userId })));
      for (const client of crowd) {
        await client.call("join", { room });
      }
      await server.clock.advance(250);

      const changed = await watcher.waitFor("presence_changed", ({ count }) => count === 5);
      expect(changed).toMatchObject({ room, left: [] });
      expect(changed.joined.map(({ userId }) => userId)).toEqual(["d", "e"]);
      await watcher.expectNone("user_joined", ({ count }) => count > 3);
      await watcher.expectNone("message", ({ userId }) => userId === "e");

      const [b, c, d] = crowd as [TestClient, TestClient, TestClient];
      await b.call("leave", { room });
      await c.call("leave", { room });
      await server.clock.advance(250);
      expect(await watcher.waitFor("presence_changed", ({ left }) => left.includes("c"))).toMatchObject({ count: 3 });
      await d.call("leave", { room });
      const step = await watcher.waitFor("user_left", about("d"));
      expect(step.users.map(({ userId }) => userId)).toEqual(["a-watcher", "e"]);
    } finally {
      await server.close();
    }
  });

  it("answers the first hundred of a list, and the next page after a user", async () => {
    const server = await startTestServer({ config: { presence: { maxListed: 5 } } });
    try {
      const ids = Array.from({ length: 120 }, (_, index) => `user-${String(index).padStart(3, "0")}`);
      const clients = await Promise.all(ids.map((userId) => server.connect({ userId, rooms: ["arena"] })));
      await Promise.all(clients.map((client) => client.waitFor("room_state")));
      const [first] = clients as [TestClient];

      const page = await first.call("join", { room: "arena" });
      const rest = await first.call("presence", { room: "arena", after: page.users.at(-1)?.userId ?? "" });

      expect(page.count).toBe(120);
      expect([...page.users, ...rest.users].map(({ userId }) => userId)).toEqual(ids);
    } finally {
      await server.close();
    }
  });
});

describe("in a room that many join at once", () => {
  it("tells each of them once, few lists, and the whole list at the end", async () => {
    const server = await startTestServer({ config: { presence: { maxStepsPerSecond: 2 } } });
    try {
      const room = "lobby";
      const watcher = await server.connect({ userId: "a-watcher" });
      await watcher.call("join", { room });
      const ids = Array.from({ length: 20 }, (_, index) => `user-${10 + index}`);
      const crowd = await Promise.all(ids.map((userId) => server.connect({ userId })));
      await Promise.all(crowd.map((client) => client.call("join", { room })));

      const everybody = ["a-watcher", ...ids];
      const isWhole = ({ users }: { users: { userId: string }[] }): boolean =>
        users.map(({ userId }) => userId).join() === everybody.join();
      while (!watcher.received("user_joined").some(isWhole)) {
        await server.clock.advance(1_000);
        await watcher.fence();
      }
      const listed = watcher.received("user_joined").map(({ userId }) => userId);
      const gathered = watcher.received("presence_changed").flatMap(({ joined }) => joined);
      expect([...listed, ...gathered.map(({ userId }) => userId)].toSorted()).toEqual(ids);
      expect(listed.length).toBeLessThan(ids.length / 2);
      const about = watcher
        .received("message")
        .filter(({ type, userId }) => type === "system" && userId !== watcher.userId);
      expect(about.map(({ userId }) => userId)).toEqual(listed);
    } finally {
      await server.close();
    }
  });
});

it("speaks Chinese where it is told to, or its operator's own words", async () => {
  const chinese = await startTestServer({ config: { locale: "zh" } });
  const own = await startTestServer({ config: { presence: { joinedTemplate: "Ahoy {username}, {username}!" } } });
  try {
    for (const [server, content] of [
      [chinese, "王 加入了房间"],
      [own, "Ahoy 王, 王!"],
    ] as const) {
      const client = await server.connect({ userId: "wang", claims: { username: "王" } });
      await client.call("join", { room: "tea" });
      expect(await client.waitFor("message")).toMatchObject({ type: "system", content });
    }
  } finally {
    await chinese.close();
    await own.close();
  }
});
