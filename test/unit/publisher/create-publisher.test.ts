import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";

import { createPublisher, type Publisher, type PublisherOptions, RoomfulError } from "../../../src/publisher";

/** What the server does with a request: answers, or cuts the connection. */
type Reaction = { status: number; body?: unknown; headers?: Record<string, string> } | "cut" | "silence";

interface Received {
  url: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A publisher whose service reacts as told, one reaction a request, the last one for all that follow. */
async function setup(reactions: Reaction[], options: Partial<PublisherOptions> = {}) {
  const received: Received[] = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const reaction = reactions[Math.min(received.length, reactions.length - 1)] as Reaction;
      received.push({
        url: request.url ?? "",
        headers: request.headers,
        body: JSON.parse(Buffer.concat(chunks).toString()),
      });
      if (reaction === "cut") {
        request.socket.destroy();
      } else if (reaction !== "silence") {
        response.writeHead(reaction.status, { "content-type": "application/json", ...reaction.headers });
        response.end(JSON.stringify(reaction.body ?? {}));
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const publisher = createPublisher({
    ...{ url: `http://127.0.0.1:${port}`, apiKey: "secret-key", random: () => 0, ...options },
  });
  return { publisher, received, port };
}

const problem = (code: string, status: number, more: object = {}): Reaction => ({
  status,
  body: { type: "about:blank", title: code, status, code, message: code, ...more },
  headers: { "content-type": "application/problem+json; charset=utf-8" },
});
const ACCEPTED: Reaction = { status: 202, body: { accepted: true } };
const STORED: Reaction = { status: 201, body: { id: "x", seq: 1, createdAt: "now", duplicate: false } };
const MESSAGE = { userId: "billing", content: "Paid" };

it.each<[string, (publisher: Publisher) => Promise<unknown>, string, object]>([
  ["publish", (p) => p.publish("a:b", { ...MESSAGE, id: "1" }), "/v1/rooms/a%3Ab/messages", { ...MESSAGE, id: "1" }],
  ["emit", (p) => p.emit("a", "e", 7, { except: ["u"] }), "/v1/rooms/a/events", { event: "e", data: 7, except: ["u"] }],
  [
    "emitToUser",
    (p) => p.emitToUser("a/b ü", "e", null, { volatile: true }),
    "/v1/users/a%2Fb%20%C3%BC/events",
    { event: "e", data: null, volatile: true },
  ],
  ["broadcast", (p) => p.broadcast(["a", "b"], "e", {}), "/v1/broadcast", { event: "e", data: {}, rooms: ["a", "b"] }],
])("%s says what it was given, under its key", async (_name, call, url, body) => {
  const { publisher, received } = await setup([STORED]);
  await call(publisher);

  expect(received).toMatchObject([{ url, body, headers: { authorization: "Bearer secret-key" } }]);
});

it("names its namespace, and keeps the path of its address", async () => {
  const { publisher, received, port } = await setup([ACCEPTED], { namespace: "/support" });
  await publisher.emit("a", "e", 1);
  const behind = createPublisher({ url: `http://127.0.0.1:${port}/rooms/`, apiKey: "k" });
  await behind.emit("a", "e", 1);

  expect(received.map(({ url }) => url)).toEqual([
    "/v1/rooms/a/events?namespace=%2Fsupport",
    "/rooms/v1/rooms/a/events",
  ]);
});

it("tries again as the same call when the connection is cut, when there is no answer, and when it is told to", async () => {
  const proxyPage: Reaction = { status: 502, headers: { "content-type": "text/html" } };
  const { publisher, received } = await setup([
    "cut",
    problem("OVERLOADED", 503, { retryAfterMs: 1 }),
    proxyPage,
    STORED,
  ]);
  expect(await publisher.publish("a", MESSAGE)).toMatchObject({ seq: 1 });

  expect(received).toHaveLength(4);
  expect(received[0]?.body["id"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(received.map(({ body }) => body["id"])).size).toBe(1);
  expect(received[0]?.headers).not.toHaveProperty("idempotency-key");
});

it("gives up on an attempt without an answer, and keeps an event's key", async () => {
  const { publisher, received } = await setup(["silence", ACCEPTED], { timeoutMs: 50 });
  await publisher.emit("a", "e", 1);

  expect(received).toHaveLength(2);
  expect(received[0]?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(received[1]?.headers["idempotency-key"]).toBe(received[0]?.headers["idempotency-key"]);
});

it("sends no key where null is given", async () => {
  const { publisher, received } = await setup([ACCEPTED, { status: 200, body: { results: [] } }]);
  await publisher.emit("a", "e", 1, { idempotencyKey: null });
  await publisher.batch([], { idempotencyKey: null });

  expect(received).toHaveLength(2);
  expect(received.filter(({ headers }) => "idempotency-key" in headers)).toEqual([]);
});

it("sends a key that it is given, and then no id of its own", async () => {
  const { publisher, received } = await setup([STORED]);
  await publisher.publish("a", MESSAGE, { idempotencyKey: "invoice-17" });

  expect(received[0]?.headers["idempotency-key"]).toBe("invoice-17");
  expect(received[0]?.body).toEqual(MESSAGE);
});

it("waits for as long as it is told", async () => {
  const wait: Reaction = { ...(problem("RATE_LIMITED", 429) as object), status: 429 };
  const { publisher } = await setup([
    { ...wait, headers: { "content-type": "application/problem+json", "retry-after": "1" } },
    ACCEPTED,
  ]);
  const startedAtMs = performance.now();
  await publisher.emit("a", "e", 1);

  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(990);
});

it.each<[string, Reaction, number, object]>([
  [
    "a refusal",
    problem("PAYLOAD_INVALID", 400, { details: [{ path: "content" }] }),
    1,
    { code: "PAYLOAD_INVALID", details: [{ path: "content" }] },
  ],
  ["a refusal that may pass", problem("DRAINING", 503, { retryAfterMs: 0 }), 3, { code: "DRAINING", retryable: true }],
  ["no answer", "cut", 3, { code: "UNAVAILABLE", retryable: true }],
  ["what is not understood", { status: 404, headers: { "content-type": "text/html" } }, 1, { code: "NOT_FOUND" }],
  ["a code of a newer service", problem("NEW_CODE", 503, { retryAfterMs: 0 }), 3, { code: "UNAVAILABLE" }],
  ["a success that is none", { status: 200, headers: { "content-type": "text/html" } }, 3, { code: "UNAVAILABLE" }],
])("rejects with %s, after so many attempts as make sense", async (_name, reaction, attempts, error) => {
  const { publisher, received } = await setup([reaction], { maxAttempts: 3 });
  const rejection = await publisher.publish("a", MESSAGE).catch((cause: unknown) => cause);

  expect(rejection).toBeInstanceOf(RoomfulError);
  expect(rejection).toMatchObject(error);
  expect(received).toHaveLength(attempts);
  expect(JSON.stringify(rejection)).not.toContain("secret-key");
});

it("follows no redirect with its key", async () => {
  const { publisher, received } = await setup([{ status: 307, headers: { location: "/elsewhere" } }], {
    maxAttempts: 1,
  });
  await expect(publisher.emit("a", "e", 1)).rejects.toMatchObject({ code: "UNAVAILABLE" });

  expect(received).toHaveLength(1);
});

it("ends with the signal's reason, in a call and between calls", async () => {
  const waiting = new AbortController();
  const calling = new AbortController();
  const { publisher, received } = await setup([problem("OVERLOADED", 503, { retryAfterMs: 60_000 }), "silence"]);
  const first = publisher.emit("a", "e", 1, { signal: waiting.signal });
  while (received.length < 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  waiting.abort(new Error("stopped waiting"));
  await expect(first).rejects.toThrow("stopped waiting");
  const second = publisher.emit("a", "e", 1, { signal: calling.signal });
  while (received.length < 2) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  calling.abort(new Error("stopped calling"));

  await expect(second).rejects.toThrow("stopped calling");
});

describe("batch", () => {
  const message = (content: string, id?: string) => ({
    ...{ command: "message" as const, room: "a", body: { userId: "u", content, ...(id !== undefined && { id }) } },
  });
  const done = (seq: number) => ({ ok: true, status: 201, data: { id: "x", seq, createdAt: "now", duplicate: false } });
  const refused = (code: string, retryable: boolean) => ({
    ...{ ok: false, status: 503, error: { code, message: code, retryable, retryAfterMs: 0 } },
  });
  const results = (...list: object[]): Reaction => ({ status: 200, body: { results: list } });

  it("sends all of it again under its key while something may pass", async () => {
    const { publisher, received } = await setup([
      results(done(1), refused("OVERLOADED", true), refused("PAYLOAD_INVALID", false)),
      results(done(1), done(2), refused("PAYLOAD_INVALID", false)),
    ]);
    const outcome = await publisher.batch([message("1"), message("2"), message("")]);

    expect(outcome).toMatchObject([{ data: { seq: 1 } }, { data: { seq: 2 } }, { error: { code: "PAYLOAD_INVALID" } }]);
    expect(received.map(({ body }) => (body["commands"] as unknown[]).length)).toEqual([3, 3]);
    expect(new Set(received.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
  });

  it("sends only what may pass where the messages have ids, without a key", async () => {
    const { publisher, received } = await setup([
      results(done(1), refused("OVERLOADED", true), refused("OVERLOADED", true)),
      results(done(2), done(3)),
    ]);
    const outcome = await publisher.batch([message("1", "i"), message("2", "j"), message("3", "k")]);

    expect(outcome).toMatchObject([1, 2, 3].map((seq) => ({ data: { seq } })));
    expect(received[1]?.body["commands"]).toMatchObject([{ body: { id: "j" } }, { body: { id: "k" } }]);
    expect(received[0]?.headers).not.toHaveProperty("idempotency-key");
  });

  it.each([
    ["one message has an id", ["i", undefined], undefined],
    ["null is given for the key", [undefined, undefined], null],
  ])("repeats a message as the same one where %s", async (_where, [first, second], idempotencyKey) => {
    const { publisher, received } = await setup(["cut", results(done(1), done(2))]);
    await publisher.batch(
      [message("1", first), message("2", second)],
      idempotencyKey === null ? { idempotencyKey } : {},
    );

    const [before, after] = received.map(({ body }) =>
      (body["commands"] as { body: { id: string } }[]).map(({ body: { id } }) => id),
    );
    expect(before).toEqual([first ?? expect.any(String), expect.any(String)]);
    expect(after).toEqual(before);
  });

  it("answers what is refused to the last", async () => {
    const { publisher, received } = await setup([results(refused("OVERLOADED", true))], { maxAttempts: 2 });

    expect(await publisher.batch([message("1")])).toMatchObject([{ error: { code: "OVERLOADED" } }]);
    expect(received).toHaveLength(2);
  });
});
