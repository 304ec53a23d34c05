import { createHash } from "node:crypto";

import { startTestServer, type TestServer } from "../../src/testing";
import { type ApiRequest, callApi } from "../support/api-client";

const ALL = "a".repeat(40);
const READER = "r".repeat(40);
const CHATS = `rk_${"c".repeat(40)}`;

let server: TestServer;
beforeAll(async () => {
  const hash = createHash("sha256").update(CHATS).digest("hex");
  const apiKeys = [ALL, `dashboard:${READER}:read`, `chats:sha256=${hash}:publish+read:chat-*|news`];
  server = await startTestServer({ config: { http: { apiKeys } } });
});
afterAll(() => server.close());

const call = (key: string | null, method: string, path: string, request: ApiRequest = {}) =>
  callApi<{ code?: string; rooms?: { room: string }[] }>(server, method, path, { ...request, key });
const codeOf = async (...args: Parameters<typeof call>) => (await call(...args)).body.code;
const MESSAGE = { body: { userId: "bot", content: "hi" } };

it.each([
  ["no key", {}],
  ["an unknown key", { authorization: `Bearer ${"x".repeat(40)}` }],
  ["a key with something after it", { authorization: `Bearer ${ALL}x` }],
  ["a part of a key", { authorization: `Bearer ${ALL.slice(1)}` }],
  ["an empty key", { authorization: "Bearer " }],
  ["another scheme", { authorization: `Basic ${ALL}` }],
  ["a key in the wrong place", { authorization: ALL }],
  ["a hash in place of its key", { authorization: `Bearer ${createHash("sha256").update(ALL).digest("hex")}` }],
  ["a key of 8 KB", { authorization: `Bearer ${"y".repeat(7_000)}` }],
])("refuses %s", async (_what, headers) => {
  const { status, headers: answered, body } = await call(null, "GET", "/v1/rooms", { headers });

  expect([status, body.code]).toEqual([401, "API_KEY_INVALID"]);
  expect(answered.get("www-authenticate")).toBe("Bearer");
});

it("knows nobody where no key is set", async () => {
  const closed = await startTestServer({ config: { http: { apiKeys: [] } } });
  try {
    expect((await callApi(closed, "GET", "/v1/rooms", { key: "" })).status).toBe(401);
  } finally {
    await closed.close();
  }
});

it("refuses a key before it reads the body", async () => {
  const { body } = await call(null, "POST", "/v1/rooms/lobby/messages", { raw: "{".repeat(400_000) });

  expect(body.code).toBe("API_KEY_INVALID");
});

it("lets a bare key do everything", async () => {
  expect((await call(ALL, "POST", "/v1/rooms/lobby/messages", MESSAGE)).status).toBe(201);
  expect((await call(ALL, "GET", "/v1/rooms/lobby")).status).toBe(200);
  expect((await call(ALL, "PUT", "/v1/rooms/lobby", { body: { delivery: "fast" } })).status).toBe(200);
});

it("holds a key to its scopes", async () => {
  expect((await call(READER, "GET", "/v1/rooms/lobby/messages")).status).toBe(200);
  expect(await codeOf(READER, "POST", "/v1/rooms/lobby/messages", MESSAGE)).toBe("SCOPE_MISSING");
  expect(await codeOf(READER, "POST", "/v1/batch", { body: { commands: [{}] } })).toBe("SCOPE_MISSING");
  expect(await codeOf(CHATS, "PUT", "/v1/rooms/chat-1", { body: { delivery: "fast" } })).toBe("SCOPE_MISSING");
  expect(await codeOf(CHATS, "POST", "/v1/users/ada/revoke")).toBe("SCOPE_MISSING");
});

it("holds a key to its rooms, in a batch too", async () => {
  expect((await call(CHATS, "POST", "/v1/rooms/chat-1/messages", MESSAGE)).status).toBe(201);
  expect((await call(CHATS, "GET", "/v1/rooms/news")).status).toBe(200);
  const event = { event: "x", data: 1 };
  for (const [method, path, body] of [
    ["POST", "/v1/rooms/lobby/messages", MESSAGE.body],
    ["POST", "/v1/rooms/lobby/events", event],
    ["POST", "/v1/broadcast", { ...event, rooms: ["chat-1", "lobby"] }],
    ["POST", "/v1/users/ada/events", event],
    ["GET", "/v1/rooms/lobby", undefined],
    ["GET", "/v1/rooms/lobby/messages", undefined],
    ["GET", "/v1/rooms/lobby/members", undefined],
  ] as const) {
    expect([path, await codeOf(CHATS, method, path, { body })]).toEqual([path, "ROOM_FORBIDDEN"]);
  }
  const batch = await callApi<{ results: { status: number }[] }>(server, "POST", "/v1/batch", {
    key: CHATS,
    body: {
      commands: [
        { command: "message", room: "chat-2", ...MESSAGE },
        { command: "message", room: "lobby", ...MESSAGE },
        { command: "user_event", userId: "ada", body: event },
        { command: "broadcast", body: { ...event, rooms: ["news"] } },
      ],
    },
  });
  expect(batch.body.results.map(({ status }) => status)).toEqual([201, 403, 403, 202]);
});

it("counts calls by operation and status, without anything that a caller chose", async () => {
  await call(READER, "POST", "/v1/rooms/secret-name/events", { body: { event: "x", data: 1 } });

  const text = await (await fetch(new URL("/metrics", server.url))).text();
  expect(text).toMatch(/^roomful_api_calls_total\{operation="emitToRoom",status="403"\} [1-9]/m);
  expect(text).not.toContain("secret-name");
});

it("lists only the rooms of a key", async () => {
  const ada = await server.connect({ userId: "ada" });
  for (const room of ["chat-1", "lobby", "news"]) {
    await ada.call("join", { room });
  }
  const namesFor = async (key: string) => (await call(key, "GET", "/v1/rooms")).body.rooms?.map(({ room }) => room);

  expect(await namesFor(READER)).toEqual(["chat-1", "lobby", "news"]);
  expect(await namesFor(CHATS)).toEqual(["chat-1", "news"]);
});

describe("with rates", () => {
  const OTHER = "o".repeat(40);
  let limited: TestServer;
  beforeAll(async () => {
    limited = await startTestServer({
      config: {
        http: { apiKeys: [`shop:${ALL}`, `other:${OTHER}`] },
        // So few come back in the time of a test that it hardly matters how long that is.
        rateLimits: { enabled: "on", apiPerSecond: 1, apiBurst: 100 },
      },
    });
  });
  afterAll(() => limited.close());

  it("says what is left, and when to come back", async () => {
    const ask = (key: string) => callApi(limited, "GET", "/v1/rooms", { key });
    const askMuch = () => callApi(limited, "POST", "/v1/batch", { key: ALL, body: { commands: Array(90).fill({}) } });
    const numbers = (headers: Headers) =>
      ["limit", "remaining", "reset"].map((name) => Number(headers.get(`ratelimit-${name}`)));

    const first = await ask(ALL);
    expect(numbers(first.headers)).toEqual([100, 99, 1]);
    const [, remaining = Number.NaN, resetSeconds = Number.NaN] = numbers((await askMuch()).headers);
    expect(remaining).toBeGreaterThanOrEqual(9);
    expect(remaining + resetSeconds).toBe(100);

    const refused = await askMuch();
    const retryAfterMs = Number(refused.body["retryAfterMs"]);
    expect([refused.status, refused.body["code"]]).toEqual([429, "RATE_LIMITED"]);
    expect(numbers(refused.headers)[0]).toBe(100);
    expect(refused.headers.get("retry-after")).toBe(String(Math.ceil(retryAfterMs / 1_000)));
    expect((await ask(OTHER)).status).toBe(200);

    // The call that was refused has taken one, and the batch is 89 more.
    await limited.clock.advance(retryAfterMs + 1_000);
    expect((await askMuch()).status).toBe(200);
  });

  it("counts each command of a batch", async () => {
    await limited.clock.advance(100_000);
    const batchOf = (size: number) =>
      callApi(limited, "POST", "/v1/batch", {
        key: OTHER,
        body: { commands: Array.from({ length: size }, () => ({ command: "message", room: "r", ...MESSAGE })) },
      });

    // One comes back each second.
    const remaining = Number((await batchOf(90)).headers.get("ratelimit-remaining"));
    expect(remaining).toBeGreaterThanOrEqual(10);
    expect(remaining).toBeLessThan(90);
    expect((await batchOf(90)).status).toBe(429);
    // A batch larger than the allowance is lent to a full one, and paid back.
    await limited.clock.advance(100_000);
    expect((await batchOf(150)).status).toBe(200);
    expect((await batchOf(1)).status).toBe(429);
    await limited.clock.advance(100_000);
    expect((await batchOf(1)).status).toBe(200);
  });
});
