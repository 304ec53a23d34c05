import { startTestServer, type TestServer } from "../../src/testing";

describe("open rooms", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ config: { connections: { maxRooms: 3 } } });
  });
  afterAll(() => server.close());

  it("answers a join with who is there, and a free name with an empty log", async () => {
    const alice = await server.connect({ userId: "alice", rooms: ["empty"] });
    await alice.waitFor("room_state");
    const bob = await server.connect({ userId: "bob" });

    const { users, ...state } = await bob.call("join", { room: "empty" });

    expect(state).toEqual({
      ...{ room: "empty", epoch: null, lastSeq: 0, recovered: null },
      ...{ messages: [], hasMore: false, pending: [], count: 2 },
    });
    expect(users.map(({ userId }) => userId)).toEqual(["alice", "bob"]);
  });

  it("answers a second join anew, and counts the socket once", async () => {
    const carol = await server.connect({ userId: "carol" });
    await carol.call("join", { room: "twice" });
    expect(await carol.call("join", { room: "twice" })).toMatchObject({ count: 1 });
    await carol.call("leave", { room: "twice" });

    expect((await carol.call("rooms", {})).rooms.map(({ room }) => room)).not.toContain("twice");
  });

  it("refuses what needs membership before the join and after the leave", async () => {
    const dave = await server.connect({ userId: "dave" });
    const calls = [
      () => dave.emitWithAck("message", { room: "den", content: "hi" }),
      () => dave.emitWithAck("typing", { room: "den", isTyping: true }),
      () => dave.emitWithAck("history", { room: "den" }),
      () => dave.emitWithAck("presence", { room: "den" }),
      () => dave.emitWithAck("leave", { room: "den" }),
    ];
    const refused = { ok: false, error: { code: "NOT_IN_ROOM", retryable: false } };
    for (const call of calls) {
      expect(await call()).toMatchObject(refused);
    }
    await dave.call("join", { room: "den" });
    await dave.call("leave", { room: "den" });
    for (const call of calls) {
      expect(await call()).toMatchObject(refused);
    }
  });

  it("allows a socket so many rooms", async () => {
    const erin = await server.connect({ userId: "erin" });
    for (const room of ["1", "2", "3"]) {
      await erin.call("join", { room });
    }
    expect(await erin.emitWithAck("join", { room: "4" })).toMatchObject({ error: { code: "TOO_MANY_ROOMS" } });
    await erin.call("join", { room: "3" });
    await erin.call("leave", { room: "1" });
    await expect(erin.call("join", { room: "4" })).resolves.toMatchObject({ room: "4" });
  });

  it("lists the rooms with somebody in them by name, a hundred a page, as the token allows", async () => {
    const many = await startTestServer({ config: { connections: { maxRooms: 200 } } });
    try {
      const host = await many.connect({ userId: "host" });
      const names = Array.from({ length: 120 }, (_, index) => `hall-${String(index).padStart(3, "0")}`);
      await Promise.all(names.map((room) => host.call("join", { room })));
      const guest = await many.connect({ userId: "guest" });
      const first = await guest.call("rooms", {});
      const second = await guest.call("rooms", { after: first.rooms.at(-1)?.room ?? "" });

      expect([...first.rooms, ...second.rooms].map(({ room }) => room)).toEqual(names);
      expect([first.hasMore, second.hasMore]).toEqual([true, false]);
      const limited = await many.connect({ userId: "limited", claims: { rooms: ["hall-00*", "hall-119"] } });
      expect((await limited.call("rooms", {})).rooms).toHaveLength(11);
    } finally {
      await many.close();
    }
  });
});

describe("rooms that tokens name", () => {
  it("lets in whom the token names, and tells nobody else that a room exists", async () => {
    const server = await startTestServer({ config: { roomAccess: "token" } });
    try {
      const member = await server.connect({ userId: "member", claims: { rooms: ["team-*"] } });
      const guest = await server.connect({ userId: "guest" });
      await member.call("join", { room: "team-a" });

      expect(await member.emitWithAck("join", { room: "other" })).toMatchObject({ error: { code: "ROOM_FORBIDDEN" } });
      expect(await guest.emitWithAck("join", { room: "team-a" })).toMatchObject({ error: { code: "ROOM_FORBIDDEN" } });
      expect((await guest.call("rooms", {})).rooms).toEqual([]);
    } finally {
      await server.close();
    }
  });
});
