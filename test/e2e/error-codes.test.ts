import { randomUUID } from "node:crypto";

import { ERROR_CODES, type ErrorCode, type ErrorReply } from "../../src";
import { type PartialConfig, startTestServer, type TestServer } from "../../src/testing";
import { queryRows } from "../../src/testing/test-database";
import { EngineSocket } from "../support/engine-socket";
import { sendRaw } from "../support/raw-request";
import { refusalOf } from "../support/refusal";

/** Makes the service answer with each code, in the way in which a client would meet it. */
const PROVOCATIONS: Partial<Record<ErrorCode, (server: TestServer) => Promise<ErrorReply>>> = {
  TOKEN_MISSING: (server) => refusalOf(server.connect({ userId: "a", token: null })),
  TOKEN_INVALID: (server) => refusalOf(server.connect({ userId: "a", token: "a.b.c" })),
  TOKEN_EXPIRED: (server) => refusalOf(server.connect({ userId: "a", claims: { ttlMs: -60_000 } })),
  ORIGIN_REFUSED: async (server) => {
    const address = new URL("/socket.io/?EIO=4&transport=polling", server.url);
    const response = await fetch(address, { headers: { origin: "https://evil.example" } });
    const { message } = (await response.json()) as { message: ErrorCode };
    return { code: message, message: "", retryable: false };
  },
  TRANSPORT_REFUSED: async (server) => {
    const second = await startTestServer({ database: server.database, config: { transports: ["websocket"] } });
    try {
      const response = await fetch(`${second.url}/socket.io/?EIO=4&transport=polling`);
      return (await response.json()) as ErrorReply;
    } finally {
      await second.close();
    }
  },
  HOST_REFUSED: async (server) => {
    const response = await sendRaw(server.directUrl, "GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n");
    return response?.json() as Promise<ErrorReply>;
  },
  NAMESPACE_UNKNOWN: (server) => refusalOf(server.connect({ userId: "a", namespace: "/nowhere" })),
  NAMESPACE_FORBIDDEN: (server) => refusalOf(server.connect({ userId: "a", claims: { namespaces: ["/x"] } })),
  TOO_MANY_CONNECTIONS: async (server) => {
    await server.connect({ userId: "often" });
    await server.connect({ userId: "often" });
    return refusalOf(server.connect({ userId: "often" }));
  },
  HANDSHAKE_TIMEOUT: async (server) => {
    const idle = await EngineSocket.open(server.url);
    await idle.until((frame) => frame.startsWith("0"));
    await server.clock.advance(5_100);
    const frame = await idle.until((text) => text.startsWith("44"));
    return JSON.parse(frame.slice(2)).data;
  },
  EVENT_UNKNOWN: (server) => refusedCall(server, "shout", {}),
  PAYLOAD_INVALID: (server) => refusedCall(server, "join", { room: "not a name" }),
  PAYLOAD_TOO_LARGE: (server) => refusedCall(server, "message", { room: "r", content: "x".repeat(8_193) }),
  ROOM_FORBIDDEN: (server) => refusedCall(server, "join", { room: "forbidden" }),
  NOT_IN_ROOM: (server) => refusedCall(server, "message", { room: "elsewhere", content: "hi" }),
  TOO_MANY_ROOMS: async (server) => {
    const client = await server.connect({ userId: "everywhere" });
    await client.call("join", { room: "r1" });
    await client.call("join", { room: "r2" });
    return errorOf(await client.emitWithAck("join", { room: "r3" }));
  },
  SEND_FORBIDDEN: async (server) => {
    const client = await server.connect({ userId: "reader", claims: { scope: "read" } });
    return errorOf(await client.emitWithAck("message", { room: "r", content: "hi" }));
  },
  RATE_LIMITED: async (server) => {
    const client = await server.connect({ userId: "hasty" });
    await client.call("join", { room: "r" });
    const replies = await Promise.all(
      [1, 2, 3, 4].map(() => client.emitWithAck("typing", { room: "r", isTyping: true })),
    );
    return errorOf(replies.at(-1));
  },
  OVERLOADED: async (server) => {
    const client = await server.connect({ userId: "flood" });
    await client.call("join", { room: "r" });
    const replies = await Promise.all(
      range(10).map((n) => client.emitWithAck("message", { room: "r", content: `${n}` })),
    );
    return errorOf(replies.at(-1));
  },
  IDEMPOTENCY_CONFLICT: async (server) => {
    const client = await server.connect({ userId: "twice" });
    await client.call("join", { room: "r" });
    const id = randomUUID();
    await client.call("message", { room: "r", id, content: "one" });
    return errorOf(await client.emitWithAck("message", { room: "r", id, content: "two" }));
  },
  STORAGE_REJECTED: async (server) => {
    const client = await server.connect({ userId: "answerer" });
    await client.call("join", { room: "r" });
    return errorOf(await client.emitWithAck("message", { room: "r", content: "hm", replyTo: 9_999 }));
  },
  SLOW_CONSUMER: async (server) => {
    const stalled = await EngineSocket.open(server.directUrl);
    const token = await server.tokens.mint({ userId: "slow" });
    await stalled.connect(token);
    const { sid } = JSON.parse((await stalled.until((frame) => frame.startsWith("40"))).slice(2));
    stalled.ws.pause();
    const event = {
      method: "POST",
      headers: { ...ADMIN, "content-type": "application/json" },
      body: JSON.stringify({ event: "fill", data: "x".repeat(60_000) }),
    };
    // The kernel swallows some megabytes first.
    for (;;) {
      await Promise.all(range(30).map(() => fetch(new URL("/v1/users/slow/events", server.directUrl), event)));
      const { welcome, close } = await server.connect({ userId: "slow", lastSocketId: sid }).then((client) => ({
        welcome: client.welcome,
        close: () => client.close(),
      }));
      close();
      if (welcome.lastDisconnect) {
        stalled.ws.terminate();
        return welcome.lastDisconnect;
      }
    }
  },
  FLOODING: async (server) => {
    const flooder = await EngineSocket.open(server.directUrl);
    await flooder.connect(await server.tokens.mint({ userId: "flooder" }));
    const { sid } = JSON.parse((await flooder.until((frame) => frame.startsWith("40"))).slice(2));
    for (const _ of range(200)) {
      flooder.ws.ping();
    }
    await flooder.closed();
    const { welcome } = await server.connect({ userId: "flooder", lastSocketId: sid });
    return welcome.lastDisconnect as ErrorReply;
  },
  DISCONNECTED: async (server) => {
    const client = await server.connect({ userId: "unwanted" });
    await fetch(new URL("/v1/users/unwanted/connections", server.url), { method: "DELETE", headers: ADMIN });
    return client.waitFor("closing");
  },
  API_KEY_INVALID: async (server) => (await fetch(new URL("/v1/rooms", server.url))).json() as Promise<ErrorReply>,
  SCOPE_MISSING: async (server) => {
    const headers = { authorization: `Bearer ${READER_KEY}` };
    const response = await fetch(new URL("/v1/users/ada/connections", server.url), { method: "DELETE", headers });
    return response.json() as Promise<ErrorReply>;
  },
  IDEMPOTENCY_IN_FLIGHT: async (server) => {
    const ring = (): Promise<Response> =>
      fetch(new URL("/v1/users/ada/events", server.url), {
        method: "POST",
        headers: { ...ADMIN, "content-type": "application/json", "idempotency-key": "ring" },
        body: JSON.stringify({ event: "ring", data: 1 }),
      });
    await ring();
    // As the row looks while another node is at it.
    await queryRows(server.database, "UPDATE idempotency_keys SET answer = NULL");
    return (await ring()).json() as Promise<ErrorReply>;
  },
  CONTENT_TYPE_UNSUPPORTED: async (server) => {
    const address = new URL("/v1/rooms/r/messages", server.url);
    const response = await fetch(address, { method: "POST", headers: ADMIN, body: "hello" });
    return response.json() as Promise<ErrorReply>;
  },
  NOT_FOUND: async (server) => (await fetch(new URL("/nothing", server.url))).json() as Promise<ErrorReply>,
};

const ADMIN_KEY = "a".repeat(32);
const READER_KEY = "r".repeat(32);
const ADMIN = { authorization: `Bearer ${ADMIN_KEY}` };

const CONFIG: PartialConfig = {
  connections: { maxPerUser: 2, maxRooms: 2 },
  http: { allowedOrigins: ["https://chat.example"], apiKeys: [ADMIN_KEY, `reader:${READER_KEY}:read`] },
  rateLimits: { enabled: "on", typingPerSecond: 1, typingBurst: 2 },
  writeBuffer: { maxMessages: 4, flushIntervalMs: 50 },
  emitBuffer: { maxPackets: 50 },
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ config: CONFIG });
});
afterAll(() => server.close());

/** Provoked where they need a service in another state: shut down, without its Postgres, after an operator's command, with a bug, over a slow line. */
const ELSEWHERE: ErrorCode[] = ["DRAINING", "UNAVAILABLE", "REVOKED", "INTERNAL", "REQUEST_TIMEOUT"];

it("knows how to provoke every code of the catalogue", () => {
  const provoked = [...Object.keys(PROVOCATIONS), ...ELSEWHERE];

  expect(provoked.toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
});

it.each(Object.entries(PROVOCATIONS))("answers %s", async (code, provoke) => {
  const error = await provoke(server);

  expect(error.code).toBe(code);
  expect(error.retryable).toBe(ERROR_CODES[error.code].retryable);
});

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function refusedCall(to: TestServer, event: string, payload: object): Promise<ErrorReply> {
  const client = await to.connect({ userId: `caller-${randomUUID()}`, claims: { rooms: ["r"] } });
  return errorOf(await client.socket.timeout(5_000).emitWithAck(event, payload));
}

function errorOf(reply: { ok: true } | { ok: false; error: ErrorReply } | undefined): ErrorReply {
  if (reply?.ok !== false) {
    throw new Error("it was not refused");
  }
  return reply.error;
}
