import { createProgram } from "../../src/cli/create-program";
import { startTestServer, type TestServer } from "../../src/testing";
import { refusalOf } from "../support/refusal";

let server: TestServer;
let printed: jest.SpyInstance;

beforeEach(() => {
  printed = jest.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(async () => {
  printed.mockRestore();
  await server.close();
});

/** Runs a command as an operator does, on the server's database. */
async function roomful(...args: string[]): Promise<void> {
  await createProgram({ DATABASE_URL: server.database }).parseAsync(args, { from: "user" });
}

/** Later than any token of this test, whatever time it has skipped. */
const later = (): string => new Date(server.clock.now() + 1_000).toISOString();

describe("rooms for members", () => {
  beforeEach(async () => {
    server = await startTestServer({ config: { roomAccess: "members" } });
  });

  it("let in whom Postgres names, and show nobody else that they exist", async () => {
    await roomful("member", "add", "board", "--user", "alice");
    await roomful("member", "add", "board", "--user", "alice");
    const alice = await server.connect({ userId: "alice", rooms: ["board"] });
    const bob = await server.connect({ userId: "bob" });

    expect(await alice.waitFor("room_state")).toMatchObject({ room: "board", count: 1, lastSeq: 0 });
    expect(await alice.call("message", { room: "board", content: "in camera" })).toMatchObject({ seq: 1 });
    expect(await bob.emitWithAck("join", { room: "board" })).toMatchObject({ error: { code: "ROOM_FORBIDDEN" } });
    expect(await bob.emitWithAck("join", { room: "no-such" })).toMatchObject({ error: { code: "ROOM_FORBIDDEN" } });
    expect((await bob.call("rooms", {})).rooms).toEqual([]);
    expect((await alice.call("rooms", {})).rooms).toEqual([{ room: "board", count: 1, lastSeq: 1 }]);

    await roomful("member", "add", "board", "--user", "bob");
    await expect(bob.call("join", { room: "board" })).resolves.toMatchObject({ count: 2 });
  });

  it("are narrowed by a token that names rooms", async () => {
    await roomful("member", "add", "board", "--user", "alice");
    const alice = await server.connect({ userId: "alice", claims: { rooms: ["lobby"] } });

    expect(await alice.emitWithAck("join", { room: "board" })).toMatchObject({ error: { code: "ROOM_FORBIDDEN" } });
    expect((await alice.call("rooms", {})).rooms).toEqual([]);
  });

  it("put out who is no longer a member, on every socket, and keep the others", async () => {
    await roomful("member", "add", "board", "--user", "alice");
    await roomful("member", "add", "board", "--user", "bob");
    const tabs = [await server.connect({ userId: "alice" }), await server.connect({ userId: "alice" })];
    const bob = await server.connect({ userId: "bob" });
    for (const client of [...tabs, bob]) {
      await client.call("join", { room: "board" });
    }
    await roomful("member", "remove", "board", "--user", "alice");
    await server.clock.advance(15_000);

    for (const tab of tabs) {
      expect(await tab.waitFor("room_state")).toMatchObject({ room: "board", error: { code: "ROOM_FORBIDDEN" } });
      expect(await tab.emitWithAck("message", { room: "board", content: "still?" })).toMatchObject({
        error: { code: "NOT_IN_ROOM" },
      });
    }
    expect(await bob.waitFor("user_left")).toMatchObject({ userId: "alice", count: 1 });
    await expect(bob.call("message", { room: "board", content: "alone" })).resolves.toBeDefined();
    await bob.expectNone("room_state");
    await roomful("member", "remove", "board", "--user", "alice");
    expect(printed).toHaveBeenLastCalledWith("alice was not a member of board.");
  });
});

describe("a revocation", () => {
  beforeEach(async () => {
    server = await startTestServer();
  });

  it("cuts the user's sockets with the reason, refuses the old token, and takes a new one", async () => {
    const alice = await server.connect({ userId: "alice" });
    const bob = await server.connect({ userId: "bob", rooms: ["lobby"] });
    const old = await server.tokens.mint({ userId: "alice" });
    await roomful("revoke", "--user", "alice", "--before", later());
    await server.clock.advance(15_000);

    expect(await alice.waitFor("closing")).toMatchObject({ code: "REVOKED", retryable: false });
    expect(await alice.disconnected()).toMatch(/disconnect/);
    expect(await refusalOf(server.connect({ userId: "alice", token: old }))).toMatchObject({ code: "REVOKED" });
    const back = await server.connect({ userId: "alice", lastSocketId: alice.welcome.socketId });
    expect(back.welcome.lastDisconnect).toMatchObject({ code: "REVOKED" });
    expect(await back.emitWithAck("refresh_token", { token: old })).toMatchObject({ error: { code: "REVOKED" } });
    await bob.expectNone("closing");
  });

  it("holds for a node that starts later, and can be taken back", async () => {
    const token = await server.tokens.mint({ userId: "alice" });
    await roomful("revoke", "--user", "alice", "--before", later());
    await server.clock.advance(15_000);
    await untilRefused(token);

    await roomful("revoke", "--user", "alice", "--undo");
    await server.clock.advance(15_000);

    await untilAdmitted(token);
    await roomful("revoke", "--user", "alice", "--undo");
    expect(printed).toHaveBeenLastCalledWith("No token of alice was withdrawn.");
  });

  it("counts at the first handshake of a node", async () => {
    await roomful("revoke", "--user", "alice", "--before", "2999-01-01T00:00:00Z");
    const other = await startTestServer({ database: server.database });
    try {
      expect(await refusalOf(other.connect({ userId: "alice" }))).toMatchObject({ code: "REVOKED" });
    } finally {
      await other.close();
    }
  });
});

/** The poll reads on a connection of its own; nobody is told when it is done. */
async function untilRefused(token: string): Promise<void> {
  for (;;) {
    const client = await server.connect({ userId: "alice", token }).catch(() => undefined);
    if (!client) {
      return;
    }
    client.close();
  }
}

async function untilAdmitted(token: string): Promise<void> {
  while (!(await server.connect({ userId: "alice", token }).catch(() => undefined))) {
    // Refused: the poll has not read it yet.
  }
}
