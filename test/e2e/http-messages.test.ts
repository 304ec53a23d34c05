import { randomUUID } from "node:crypto";

import type { MessageAccepted } from "../../src";
import { startTestServer, type TestServer } from "../../src/testing";
import { queryRows } from "../../src/testing/test-database";
import { callApi } from "../support/api-client";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const publish = (room: string, body: object, headers?: Record<string, string>) =>
  callApi<MessageAccepted & { code: string; details?: unknown }>(server, "POST", `/v1/rooms/${room}/messages`, {
    body,
    ...(headers && { headers }),
  });

it("shows a message to its room as one of a socket, numbers it, and answers when it is stored", async () => {
  const ada = await server.connect({ userId: "ada", claims: { username: "Ada" } });
  await ada.call("join", { room: "lobby" });
  await ada.call("message", { room: "lobby", content: "mine" });
  const [own] = [await ada.waitFor("message", ({ content }) => content === "mine")];

  const { status, body } = await publish("lobby", {
    ...{ userId: "billing", content: "Invoice 17 is paid.", type: "invoice", replyTo: 1 },
    ...{ mentions: ["ada"], metadata: { invoice: 17 } },
  });

  expect([status, body]).toEqual([
    201,
    { id: expect.stringMatching(/^[0-9a-f-]{36}$/), seq: 2, createdAt: expect.any(String), duplicate: false },
  ]);
  const shown = await ada.waitFor("message", ({ userId }) => userId === "billing");
  expect(shown).toMatchObject({
    ...{ id: body.id, room: "lobby", type: "invoice", content: "Invoice 17 is paid.", createdAt: body.createdAt },
    ...{ userId: "billing", username: "billing", replyTo: 1, mentions: ["ada"], metadata: { invoice: 17 } },
  });
  // The colour that the user would have with a token that names none, and the same members as any other.
  expect(shown.color).toMatch(/^#[0-9a-f]{6}$/);
  expect(Object.keys(shown)).toEqual(expect.arrayContaining(Object.keys(own)));
  await ada.waitFor("stored", ({ runs }) => runs.some(({ items }) => items.some(([, id]) => id === body.id)));
  const { messages } = await ada.call("history", { room: "lobby" });
  expect(messages.at(-1)).toMatchObject({ seq: 2, id: body.id, color: shown.color });
});

it("answers a repeated id with its first number, also to the socket of the same user", async () => {
  const id = randomUUID();
  const first = await publish("repeats", { userId: "eve", content: "once", id });
  const again = await publish("repeats", { userId: "eve", content: "once", id });
  expect(again.body).toEqual({ ...first.body, duplicate: true });

  const eve = await server.connect({ userId: "eve" });
  await eve.call("join", { room: "repeats" });
  expect(await eve.call("message", { room: "repeats", content: "once", id })).toEqual({
    ...first.body,
    duplicate: true,
  });

  const other = await publish("repeats", { userId: "eve", content: "other", id });
  expect([other.status, other.body.code]).toEqual([409, "IDEMPOTENCY_CONFLICT"]);
});

it("makes the id of an Idempotency-Key, for its user", async () => {
  const key = { "idempotency-key": "order 17" };
  const first = await publish("keyed", { userId: "shop", content: "paid" }, key);
  const again = await publish("keyed", { userId: "shop", content: "paid" }, key);
  const another = await publish("keyed", { userId: "till", content: "paid" }, key);

  expect(first.headers.has("idempotency-replayed")).toBe(false);
  expect(first.body.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab]/);
  expect(again.body).toEqual({ ...first.body, duplicate: true });
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(another.body).toMatchObject({ seq: 2, duplicate: false });
  expect((await publish("keyed", { userId: "shop", content: "not paid" }, key)).body.code).toBe("IDEMPOTENCY_CONFLICT");
  expect((await publish("keyed", { userId: "shop", content: "paid", id: randomUUID() }, key)).body).toMatchObject({
    code: "PAYLOAD_INVALID",
    details: [{ path: "id", problem: "is not taken beside Idempotency-Key, which makes it" }],
  });
});

it("stores an answer to nothing never", async () => {
  const { status, body } = await publish("answers", { userId: "bot", content: "hm", replyTo: 99 });

  expect([status, body.code]).toEqual([422, "STORAGE_REJECTED"]);
});

it("shows a message of a strict room after its commit, whether the room has members or not", async () => {
  await callApi(server, "PUT", "/v1/rooms/court", { body: { delivery: "strict" } });
  await publish("court", { userId: "clerk", content: "before anybody is there" });
  const judge = await server.connect({ userId: "judge" });
  await judge.call("join", { room: "court" });
  await publish("court", { userId: "clerk", content: "all rise" });

  expect(await judge.waitFor("message", ({ content }) => content === "all rise")).toMatchObject({ seq: 2, tip: 2 });
  await judge.expectNone("message", ({ type }) => type !== "system");
  await judge.expectNone("stored");
});

it("does what is in a batch in order, and one that fails does not stop the rest", async () => {
  const ada = await server.connect({ userId: "ada" });
  await ada.call("join", { room: "batched" });
  const heard: string[] = [];
  ada.socket.onAny((event: string, payload: { content?: string; type?: string; n?: number } | null) => {
    if (payload?.type !== "system" && ["message", "mark"].includes(event)) {
      heard.push(payload?.content ?? `mark ${payload?.n}`);
    }
  });

  const { status, body } = await callApi<{ results: unknown[] }>(server, "POST", "/v1/batch", {
    body: {
      commands: [
        { command: "message", room: "batched", body: { userId: "bot", content: "one" } },
        { command: "room_event", room: "batched", body: { event: "mark", data: { n: 1 } } },
        { command: "message", room: "not a room", body: { userId: "bot", content: "lost" } },
        { command: "message", room: "batched", body: { userId: "bot", content: "two" } },
        { command: "shout" },
        { command: "user_event", userId: "ada", body: { event: "mark", data: { n: 2 } } },
        { command: "message", room: "batched", body: { userId: "bot", content: "three", replyTo: 77 } },
        { command: "broadcast", body: { event: "mark", data: { n: 3 }, rooms: ["batched", "elsewhere"] } },
      ],
    },
  });

  expect(status).toBe(200);
  expect(body.results).toEqual([
    { ok: true, status: 201, data: expect.objectContaining({ seq: 1, duplicate: false }) },
    { ok: true, status: 202, data: { accepted: true } },
    { ok: false, status: 400, error: expect.objectContaining({ code: "PAYLOAD_INVALID" }) },
    { ok: true, status: 201, data: expect.objectContaining({ seq: 2 }) },
    { ok: false, status: 400, error: expect.objectContaining({ code: "PAYLOAD_INVALID" }) },
    { ok: true, status: 202, data: { accepted: true } },
    { ok: false, status: 422, error: expect.objectContaining({ code: "STORAGE_REJECTED" }) },
    { ok: true, status: 202, data: { accepted: true } },
  ]);
  await ada.fence();
  expect(heard).toEqual(["one", "mark 1", "two", "mark 2", "mark 3"]);
});

it("does a repeated batch once, and what was refused in it again", async () => {
  const commands = [
    { command: "message", room: "rerun", body: { userId: "bot", content: "one" } },
    { command: "room_event", room: "rerun", body: { event: "mark", data: 1 } },
    { command: "message", room: "rerun", body: { userId: "bot", content: "two", replyTo: 1 } },
  ];
  const ada = await server.connect({ userId: "ada" });
  await ada.call("join", { room: "rerun" });
  const marks: unknown[] = [];
  ada.socket.on("mark", (data) => marks.push(data));
  const run = () =>
    callApi<{ results: { ok: boolean; replayed?: boolean }[] }>(server, "POST", "/v1/batch", {
      body: { commands },
      headers: { "idempotency-key": "batch-1" },
    });

  // In one batch, what it answers is not stored yet.
  const first = await run();
  const again = await run();

  expect(first.body.results.map(({ ok }) => ok)).toEqual([true, true, false]);
  expect(again.body.results.map(({ ok, replayed }) => [ok, replayed])).toEqual([
    [true, true],
    [true, true],
    [true, undefined],
  ]);
  await ada.fence();
  expect(marks).toEqual([1]);
  expect(
    await queryRows(
      server.database,
      "SELECT count(*)::int AS n FROM messages JOIN rooms ON rooms.id = room_id WHERE name = 'rerun'",
    ),
  ).toEqual([{ n: 2 }]);
});
