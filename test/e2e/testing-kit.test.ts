import { randomUUID } from "node:crypto";

import { startTestServer, type TestServer, until } from "../../src/testing";
import { queryRows } from "../../src/testing/test-database";
import { connectSdk } from "../support/sdk-client";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const codeOf = (error: { data?: { code?: string } }) => error.data?.code;

describe("a client", () => {
  it("rejects a call with the reply of the refusal", async () => {
    const dave = await server.connect({ userId: "dave", claims: { rooms: ["team-*"] } });

    await expect(dave.call("join", { room: "lobby" })).rejects.toMatchObject({ data: { code: "ROOM_FORBIDDEN" } });
  });
});

describe("net", () => {
  it("cuts one client, and lets it come back", async () => {
    const alice = await server.connect({ userId: "alice", rooms: ["cut"] });
    const bob = await server.connect({ userId: "bob", rooms: ["cut"] });
    await bob.waitFor("room_state");

    alice.net.cut();
    await alice.disconnected();
    await expect(alice.reconnect()).rejects.toThrow();
    const { seq } = await bob.call("message", { room: "cut", content: "Where are you?" });
    alice.net.resume();
    await alice.reconnect();

    const { socketId } = alice.welcome;
    expect(alice.received("welcome").map((welcome) => welcome.socketId)).toEqual([expect.anything(), socketId]);
    expect(await alice.call("join", { room: "cut", after: 0 })).toMatchObject({
      recovered: true,
      messages: [{ seq, content: "Where are you?" }],
    });
    await server.expectRoomConsistent("cut");
  });

  it("cuts everybody at the node's address, and a line's one client only at the line's", async () => {
    const line = await server.net.line();
    const own = connectSdk({ ...server, url: line.url }, "own");
    const other = connectSdk(server, "other");
    const rooms = [own.room("lines"), other.room("lines")];
    try {
      await Promise.all(rooms.map((room) => until(room, ({ status }) => status === "live")));

      line.cut();
      await until(own.connection, ({ status }) => status === "waiting");
      await other.room("lines").send("still here");

      server.net.cut();
      await until(other.connection, ({ status }) => status === "waiting");
      server.net.resume();
      line.resume();
      own.connection.reconnect();
      other.connection.reconnect();
      await own.room("lines").send("back");

      await server.expectRoomConsistent("lines", { readers: rooms });
      expect(rooms[0]?.messages.filter(({ type }) => type === "text").map(({ content }) => content)).toEqual([
        "still here",
        "back",
      ]);
    } finally {
      own.close();
      other.close();
    }
  });

  it("delays what a client sends and is sent", async () => {
    const alice = await server.connect({ userId: "slow" });
    alice.net.slow(60);
    const startedAtMs = performance.now();

    await alice.call("join", { room: "slow" });

    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(119);
  });

  it("holds a connection without ending it", async () => {
    const alice = await server.connect({ userId: "held", rooms: ["held"] });
    const bob = await server.connect({ userId: "free", rooms: ["held"] });
    await Promise.all([alice, bob].map((client) => client.waitFor("room_state")));
    alice.net.hold();
    const waiting = alice.call("message", { room: "held", content: "later" });
    await bob.call("message", { room: "held", content: "first" });
    await bob.expectNone("message", ({ content }) => content === "later");
    expect(alice.socket.connected).toBe(true);

    alice.net.resume();

    expect((await waiting).seq).toBe(2);
    await server.expectRoomConsistent("held");
  });
});

describe("postgres", () => {
  it("is away for this server only; what is sent meanwhile is shown, and stored when it is back", async () => {
    const neighbour = await startTestServer({ database: server.database });
    try {
      const alice = await server.connect({ userId: "alice", rooms: ["away"] });
      await alice.waitFor("room_state");
      const carol = await neighbour.connect({ userId: "carol", rooms: ["next-door"] });
      await carol.waitFor("room_state");

      await server.postgres.down();
      const sent = alice.call("message", { room: "away", content: "not lost" });
      await alice.waitFor("message", ({ content }) => content === "not lost");
      await carol.call("message", { room: "next-door", content: "not hurt" });
      expect(await queryRows(server.database, "SELECT 1 FROM rooms WHERE name = 'away'")).toEqual([]);
      await server.postgres.up();

      expect((await sent).seq).toBe(1);
      await server.expectRoomConsistent("away");
      await neighbour.expectRoomConsistent("next-door");
    } finally {
      await neighbour.close();
    }
  });

  it("can be slow, and silent", async () => {
    const alice = await server.connect({ userId: "alice", rooms: ["patient"] });
    await alice.waitFor("room_state");
    server.postgres.slow(50);
    const startedAtMs = performance.now();
    await alice.call("message", { room: "patient", content: "slow" });
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(99);
    await server.postgres.up();

    server.postgres.pause();
    const sent = alice.call("message", { room: "patient", content: "held" });
    await alice.waitFor("message", ({ content }) => content === "held");
    server.postgres.resume();

    expect((await sent).seq).toBe(2);
    await server.expectRoomConsistent("patient");
  });
});

describe("restart", () => {
  it.each(["drain", "kill"] as const)("brings a node back at its address, with its rooms, after `%s`", async (how) => {
    const own = await startTestServer();
    const sdk = connectSdk(own, "sdk");
    const room = sdk.room("lobby");
    try {
      await room.send("before");
      const { url } = own;

      await own[how]();
      await until(sdk.connection, ({ status }) => status !== "connected");
      const waiting = room.send("meanwhile");
      await own.restart();

      expect(own.url).toBe(url);
      expect((await waiting).seq).toBe(2);
      const alice = await own.connect({ userId: "alice", rooms: ["lobby"] });
      expect(await alice.waitFor("room_state")).toMatchObject({ lastSeq: 2 });
      expect(await (await fetch(new URL("/readyz", own.directUrl))).json()).toMatchObject({ status: "ready" });
      await own.expectRoomConsistent("lobby", { readers: [room] });
    } finally {
      sdk.close();
      await own.close();
    }
  });
});

describe("tokens", () => {
  it("expire for one user, on all its sockets and for new ones, and what is minted then counts", async () => {
    const old = await server.tokens.mint({ userId: "eve" });
    const [here, there] = [
      await server.connect({ userId: "eve", token: old }),
      await server.connect({ userId: "eve" }),
    ];
    const bystander = await server.connect({ userId: "frank" });

    await server.tokens.expire("eve");

    for (const socket of [here, there]) {
      expect(await socket.waitFor("closing")).toMatchObject({ code: "TOKEN_EXPIRED" });
      await socket.disconnected();
    }
    expect(codeOf(await server.connect({ userId: "eve", token: old }).catch((error) => error))).toBe("TOKEN_EXPIRED");
    const again = await server.connect({ userId: "eve", lastSocketId: here.welcome.socketId });
    expect(again.welcome.lastDisconnect).toMatchObject({ code: "TOKEN_EXPIRED" });
    expect(await again.emitWithAck("refresh_token", { token: old })).toMatchObject({
      error: { code: "TOKEN_EXPIRED" },
    });
    await bystander.fence();
  });

  it("stay expired when the node comes back", async () => {
    const own = await startTestServer();
    try {
      const token = await own.tokens.mint({ userId: "eve" });
      await own.tokens.expire("eve");
      await own.restart();

      expect(codeOf(await own.connect({ userId: "eve", token }).catch((error) => error))).toBe("TOKEN_EXPIRED");
      await own.connect({ userId: "eve" });
    } finally {
      await own.close();
    }
  });

  it("are revoked on all nodes when it resolves, and what is minted then counts", async () => {
    const own = await startTestServer({ nodes: 2 });
    try {
      const old = await own.tokens.mint({ userId: "mallory" });
      const sockets = await Promise.all(own.nodes.map((node) => node.connect({ userId: "mallory", token: old })));

      await own.tokens.revoke("mallory");

      for (const node of own.nodes) {
        expect(codeOf(await node.connect({ userId: "mallory", token: old }).catch((error) => error))).toBe("REVOKED");
        await node.connect({ userId: "mallory" });
      }
      for (const socket of sockets) {
        expect(await socket.waitFor("closing")).toMatchObject({ code: "REVOKED" });
        await socket.disconnected();
      }
    } finally {
      await own.close();
    }
  });
});

describe("expectRoomConsistent", () => {
  async function talkIn(room: string): Promise<string> {
    const alice = await server.connect({ userId: "alice", rooms: [room] });
    await alice.waitFor("room_state");
    const id = randomUUID();
    await alice.call("message", { room, id, content: "as it was said" });
    await server.expectRoomConsistent(room);
    return id;
  }

  it("names the message, and what is expected and held, where the table was changed", async () => {
    const id = await talkIn("changed");
    await queryRows(server.database, "UPDATE messages SET content = 'as it was heard' WHERE id = $1", [id]);

    await expect(server.expectRoomConsistent("changed")).rejects.toThrow(
      `message showed alice/${id} as text "as it was said"; the table has number 1, text "as it was heard"`,
    );
  });

  it("names what was acknowledged and is gone", async () => {
    const id = await talkIn("gone");
    await queryRows(server.database, "DELETE FROM messages WHERE id = $1", [id]);

    const failure = await server.expectRoomConsistent("gone").catch((error: Error) => error.message);

    expect(failure).toContain("Room gone, with 0 stored messages, is not as its clients have seen it:");
    expect(failure).toContain("table: the counter of the room is 1, and its last message number 0");
    expect(failure).toContain(`acknowledged as number 1; the table has no such message`);
  });

  it("names a stored message that a client in the room never got", async () => {
    const bob = await server.connect({ userId: "bob", rooms: ["secret"] });
    await bob.waitFor("room_state");
    await talkIn("secret");
    await queryRows(
      server.database,
      `WITH room AS (UPDATE rooms SET last_seq = 2 WHERE name = 'secret' RETURNING id)
       INSERT INTO messages SELECT room_id, 2, gen_random_uuid(), 'ghost', 'ghost', color, type, 'boo', NULL, mentions, metadata, created_at
       FROM messages JOIN room ON room.id = room_id`,
    );

    await expect(server.expectRoomConsistent("secret", { patienceMs: 0 })).rejects.toThrow(
      /bob: has nothing of number 2, ghost\/.* "boo"/,
    );
  });

  it("looks at one namespace at a time", async () => {
    const own = await startTestServer({ config: { namespaces: ["/", "/support"] } });
    try {
      const alice = await own.connect({ userId: "alice", namespace: "/support", rooms: ["lobby"] });
      await alice.waitFor("room_state");
      await alice.call("message", { room: "lobby", content: "Help" });

      await own.expectRoomConsistent("lobby", { namespace: "/support" });
      await own.expectRoomConsistent("lobby");
    } finally {
      await own.close();
    }
  });
});
