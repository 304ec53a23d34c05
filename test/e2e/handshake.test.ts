import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { sign } from "jsonwebtoken";
import { WebSocket } from "ws";

import { startTestServer, type TestServer } from "../../src/testing";
import { EngineSocket } from "../support/engine-socket";
import { readMetric } from "../support/metrics";
import { refusalOf } from "../support/refusal";

const SECRETS = [randomBytes(48).toString("base64"), randomBytes(48).toString("base64")] as const;
const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3600;

describe("with secrets", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      config: { jwt: { secret: SECRETS, issuer: "https://id.example", audience: "chat" } },
    });
  });
  afterAll(() => server.close());

  const valid = { sub: "alice", exp: inAnHour(), iss: "https://id.example", aud: "chat" };
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

  it.each([
    ["none", null, "TOKEN_MISSING"],
    ["an empty text", "", "TOKEN_MISSING"],
    ["no token at all", "three.random.words", "TOKEN_INVALID"],
    ["a longer text than any token", "x".repeat(5_000), "TOKEN_INVALID"],
    ["a token of another secret", sign(valid, randomBytes(48)), "TOKEN_INVALID"],
    ["an unsigned token", sign(valid, null, { algorithm: "none" }), "TOKEN_INVALID"],
    [
      "a token with an algorithm that is not configured",
      sign(valid, SECRETS[0], { algorithm: "HS512" }),
      "TOKEN_INVALID",
    ],
    ["a token that is signed with a private key", sign(valid, privateKey, { algorithm: "RS256" }), "TOKEN_INVALID"],
    ["a token of another issuer", sign({ ...valid, iss: "https://evil.example" }, SECRETS[0]), "TOKEN_INVALID"],
    ["a token for another audience", sign({ ...valid, aud: "mail" }, SECRETS[0]), "TOKEN_INVALID"],
    ["a token without a subject", sign(without(valid, "sub"), SECRETS[0]), "TOKEN_INVALID"],
    ["a token without an end", sign(without(valid, "exp"), SECRETS[0]), "TOKEN_INVALID"],
    ["a token of a minute ago", sign({ ...valid, exp: inAnHour() - 3660 }, SECRETS[0]), "TOKEN_EXPIRED"],
    ["a token for another namespace", sign({ ...valid, namespaces: ["/x"] }, SECRETS[0]), "NAMESPACE_FORBIDDEN"],
  ])("refuses %s", async (_what, token, code) => {
    const refusal = await refusalOf(server.connect({ userId: "alice", token }));

    expect(refusal).toMatchObject({ code, retryable: false });
    expect(refusal.message).not.toContain("alice");
  });

  it("refuses a handshake with keys that mean nothing", async () => {
    const token = sign(valid, SECRETS[0]);
    const socket = await EngineSocket.open(server.url);
    socket.send(`0${JSON.stringify({ token, admin: true })}`);

    expect(await socket.until((frame) => frame.startsWith("44"))).toContain("PAYLOAD_INVALID");
    await socket.closed();
  });

  it.each([
    ["was issued in the future", { iat: inAnHour() - 3_500 }, "iat"],
    ["lives for ever", { exp: 8.64e12 }, "exp"],
  ])("refuses a token that %s, and says what is wrong with it", async (_what, claims, path) => {
    const client = await server.connect({ userId: "alice" });
    const token = sign({ ...valid, ...claims }, SECRETS[0]);
    const refusal = { code: "TOKEN_INVALID", details: [{ path, problem: expect.any(String) }] };

    expect(await refusalOf(server.connect({ userId: "alice", token }))).toMatchObject(refusal);
    expect(await client.emitWithAck("refresh_token", { token })).toMatchObject({ ok: false, error: refusal });
  });

  it.each([[""], [null], ["n".repeat(300)]])("connects a user whose provider calls them %j", async (name) => {
    const client = await server.connect({ userId: "alice", token: sign({ ...valid, name }, SECRETS[0]) });

    expect(client.welcome.username).toBe(name ? "n".repeat(64) : "alice");
  });

  it("takes both secrets while they are exchanged", async () => {
    for (const secret of SECRETS) {
      const client = await server.connect({ userId: "alice", token: sign(valid, secret) });
      expect(client.welcome.userId).toBe("alice");
    }
  });

  it("takes a token that has expired within the leeway", async () => {
    const token = sign({ ...valid, exp: Math.floor(Date.now() / 1000) - 15 }, SECRETS[0]);

    await expect(server.connect({ userId: "alice", token })).resolves.toBeDefined();
  });

  it("greets with what the token says, and with the same colour every time", async () => {
    const first = await server.connect({ userId: "zoë", claims: { username: "Zoë" } });
    const second = await server.connect({ userId: "zoë" });

    expect(first.welcome).toEqual({
      socketId: first.socket.id,
      userId: "zoë",
      username: "Zoë",
      color: expect.stringMatching(/^#[0-9a-f]{6}$/),
      tokenExpiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      serverTime: expect.any(String),
    });
    expect(second.welcome).toMatchObject({ username: "zoë", color: first.welcome.color });
  });

  it("lets a token without `send` in its scope read only", async () => {
    const reader = await server.connect({ userId: "reader", claims: { scope: "read" }, rooms: ["news"] });
    const refused = { ok: false, error: { code: "SEND_FORBIDDEN" } };

    expect(await reader.emitWithAck("message", { room: "news", content: "hi" })).toMatchObject(refused);
    expect(await reader.emitWithAck("typing", { room: "news", isTyping: true })).toMatchObject(refused);
    expect(await reader.emitWithAck("history", { room: "news" })).toMatchObject({ ok: true });
  });

  it("joins the rooms of the handshake and announces each", async () => {
    const client = await server.connect({
      userId: "carol",
      claims: { rooms: ["team-*", "lobby"] },
      rooms: ["lobby", { room: "team-a", after: 0, epoch: null }, "secret"],
    });

    expect(await client.waitFor("room_state", ({ room }) => room === "lobby")).toMatchObject({
      recovered: null,
      count: 1,
    });
    expect(await client.waitFor("room_state", ({ room }) => room === "team-a")).toMatchObject({ recovered: true });
    expect(await client.waitFor("room_state", ({ room }) => room === "secret")).toMatchObject({
      error: { code: "ROOM_FORBIDDEN" },
    });
  });

  it("works over polling, and upgrades", async () => {
    const polling = await server.connect({ userId: "dave", rooms: ["lobby"], transports: ["polling"] });
    const upgrading = await server.connect({ userId: "erin", rooms: ["lobby"], transports: ["polling", "websocket"] });
    await upgrading.waitFor("room_state");

    const { id } = await upgrading.call("message", { room: "lobby", content: "hi" });

    expect(await polling.waitFor("message", (message) => message.id === id)).toMatchObject({ content: "hi" });
  });
});

describe("with a public key", () => {
  it.each([
    ["RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["PS256", generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["ES256", generateKeyPairSync("ec", { namedCurve: "P-256" })],
  ] as const)(
    "takes %s and nothing that the public key itself could sign",
    async (algorithm, { publicKey, privateKey }) => {
      const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
      const server = await startTestServer({ config: { jwt: { publicKey: pem, algorithms: [algorithm] } } });
      try {
        const claims = { sub: "alice", exp: inAnHour() };
        const token = sign(claims, privateKey, { algorithm });
        await expect(server.connect({ userId: "alice", token })).resolves.toBeDefined();

        const forged = [`{"alg":"HS256","typ":"JWT"}`, JSON.stringify(claims)].map((part) =>
          Buffer.from(part).toString("base64url"),
        );
        const signature = createHmac("sha256", pem).update(forged.join(".")).digest("base64url");
        expect(
          await refusalOf(server.connect({ userId: "alice", token: [...forged, signature].join(".") })),
        ).toMatchObject({
          code: "TOKEN_INVALID",
        });
      } finally {
        await server.close();
      }
    },
  );
});

describe("a token's end", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ config: { jwt: { maxLifetimeMs: 0 } } });
  });
  afterAll(() => server.close());

  it("is told a minute before, and ends the socket after the leeway", async () => {
    const client = await server.connect({ userId: "alice" });
    const { tokenExpiresAt, socketId } = client.welcome;

    await server.clock.advance(3_500_000);
    await client.expectNone("token_expiring");
    await server.clock.advance(45_000);
    expect(await client.waitFor("token_expiring")).toEqual({ expiresAt: tokenExpiresAt });
    await client.expectNone("closing");
    await server.clock.advance(90_000);

    expect(await client.waitFor("closing")).toMatchObject({ code: "TOKEN_EXPIRED", retryable: false });
    await client.disconnected();
    const next = await server.connect({ userId: "alice", lastSocketId: socketId });
    expect(next.welcome.lastDisconnect).toMatchObject({ code: "TOKEN_EXPIRED" });
    const other = await server.connect({ userId: "mallory", lastSocketId: socketId });
    expect(other.welcome).not.toHaveProperty("lastDisconnect");
  });

  it("moves with a new token of the same user", async () => {
    const client = await server.connect({ userId: "alice", rooms: ["a", "b"] });
    await client.waitFor("room_state", ({ room }) => room === "b");
    const foreign = await server.tokens.mint({ userId: "mallory" });
    expect(await client.emitWithAck("refresh_token", { token: foreign })).toMatchObject({
      error: { code: "TOKEN_INVALID" },
    });

    const token = await server.tokens.mint({ userId: "alice", ttlMs: 7_200_000, rooms: ["a"] });
    const { tokenExpiresAt } = await client.call("refresh_token", { token });

    expect(Date.parse(tokenExpiresAt) - server.clock.now()).toBeGreaterThan(7_100_000);
    // What the new token does not name is left.
    expect(await client.waitFor("room_state", ({ room }) => room === "b")).toMatchObject({
      error: { code: "ROOM_FORBIDDEN" },
    });
    expect(await client.emitWithAck("history", { room: "b" })).toMatchObject({ error: { code: "NOT_IN_ROOM" } });
    await server.clock.advance(3_700_000);
    expect(await client.emitWithAck("history", { room: "a" })).toMatchObject({ ok: true });
  });

  it("is kept apart from timers that Node would fire at once", async () => {
    const client = await server.connect({ userId: "alice", claims: { ttlMs: 400 * 86_400_000 } });

    await client.expectNone("token_expiring");
    await client.expectNone("closing");
  });
});

describe("caps", () => {
  it("allows a user so many sockets, over all addresses", async () => {
    const server = await startTestServer({ config: { connections: { maxPerUser: 2 } } });
    try {
      const first = await server.connect({ userId: "alice" });
      await server.connect({ userId: "alice" });
      expect(await refusalOf(server.connect({ userId: "alice" }))).toMatchObject({
        code: "TOO_MANY_CONNECTIONS",
        retryable: true,
        retryAfterMs: expect.any(Number),
      });
      await server.connect({ userId: "bob" });

      first.close();
      await expect(connectWhenFree(server)).resolves.toBeUndefined();
    } finally {
      await server.close();
    }
  });

  it("allows an address so many connections, though they join no namespace", async () => {
    const server = await startTestServer({ config: { connections: { maxPerAddress: 5 } } });
    try {
      const idle = await Promise.allSettled(Array.from({ length: 40 }, () => EngineSocket.open(server.directUrl)));
      expect(idle.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
      const refused = await fetch(`${server.directUrl}/socket.io/?EIO=4&transport=polling`);
      expect([refused.status, await refused.json()]).toEqual([403, { code: 4, message: "TOO_MANY_CONNECTIONS" }]);

      // Their time to join one is over.
      await server.clock.advance(5_100);
      for (const each of idle) {
        await (each.status === "fulfilled" && each.value.closed());
      }
      await server.connect({ userId: "alice" });
      expect(await readMetric(server, "roomful_handshakes_refused_total")).toBe(36);
    } finally {
      await server.close();
    }
  });

  it("closes a connection on which no namespace is joined in time, and says why", async () => {
    const server = await startTestServer();
    try {
      const idle = await EngineSocket.open(server.url);
      await idle.until((frame) => frame.startsWith("0"));

      await server.clock.advance(5_100);

      expect(await idle.until((frame) => frame.startsWith("44"))).toContain("HANDSHAKE_TIMEOUT");
      await idle.closed();
    } finally {
      await server.close();
    }
  });
});

describe("origins", () => {
  it("refuses pages of other origins on both transports, and programs without one never", async () => {
    const allowedOrigins = ["https://Chat.example:443/", "https://*.dev.example"];
    const server = await startTestServer({ config: { http: { allowedOrigins } } });
    try {
      const polling = new URL("/socket.io/?EIO=4&transport=polling", server.url);
      const statusFor = async (headers: Record<string, string>): Promise<number> =>
        (await fetch(polling, { headers })).status;
      for (const origin of ["https://chat.example", "https://a.dev.example"]) {
        const allowed = await fetch(polling, { headers: { origin } });
        expect([allowed.status, allowed.headers.get("access-control-allow-origin")]).toEqual([200, origin]);
      }
      expect(await statusFor({})).toBe(200);
      const refused = await fetch(polling, { headers: { origin: "https://evil.example" } });
      expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("ORIGIN_REFUSED")]);
      expect(refused.headers.get("access-control-allow-origin")).toBeNull();

      const address = server.url.replace("http", "ws");
      const evil = new WebSocket(`${address}/socket.io/?EIO=4&transport=websocket`, { origin: "https://evil.example" });
      await expect(new Promise((_resolve, reject) => evil.once("error", reject))).rejects.toThrow("400");
    } finally {
      await server.close();
    }
  });
});

/** The server hears of a client's end a moment later than the client. */
async function connectWhenFree(server: TestServer): Promise<void> {
  for (;;) {
    try {
      await server.connect({ userId: "alice" });
      return;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function without(claims: object, name: string): object {
  return Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
}
