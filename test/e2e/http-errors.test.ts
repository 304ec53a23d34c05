import { RESERVED_EVENTS } from "../../src/contract/custom-event";
import { startTestServer, type TestServer } from "../../src/testing";
import { callApi, checkProblem } from "../support/api-client";
import { sendRaw } from "../support/raw-request";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Past the network of the test server: some of these are answered before they are sent in full. */
const api = () => ({ url: server.directUrl, apiKey: server.apiKey });
const post = async (path: string, body: unknown) =>
  callApi<{ code?: string; details?: { path: string; problem: string }[] }>(api(), "POST", path, { body });
const postRaw = (path: string, raw: string | Buffer, headers: Record<string, string> = {}) =>
  callApi<{ code?: string }>(api(), "POST", path, { raw, headers });

const MESSAGES = "/v1/rooms/lobby/messages";
const EVENTS = "/v1/rooms/lobby/events";
const MESSAGE = { userId: "bot", content: "hi" };
const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

it.each([
  ["no user", MESSAGES, { content: "hi" }, "userId", "is not a string"],
  ["an empty content", MESSAGES, { ...MESSAGE, content: "" }, "content", "is empty"],
  ["a lone surrogate", MESSAGES, { ...MESSAGE, content: "\ud800" }, "content", "holds NUL or a lone surrogate"],
  ["the server's own type", MESSAGES, { ...MESSAGE, type: "system" }, "type", "is the server's own type"],
  [
    "an id in upper case",
    MESSAGES,
    { ...MESSAGE, id: "0190A6B2-7C4E-7D3F-8A21-9B0C1D2E3F40" },
    "id",
    "is not a UUID in lower case",
  ],
  ["an unknown field", MESSAGES, { ...MESSAGE, colour: "red" }, "", "has unknown keys"],
  ["the room a second time", MESSAGES, { ...MESSAGE, room: "lobby" }, "", "has unknown keys"],
  ["metadata that is too deep", MESSAGES, { ...MESSAGE, metadata: nested(9) }, "metadata", "is nested too deep"],
  ["metadata that is a list", MESSAGES, { ...MESSAGE, metadata: [] }, "metadata", "is not an object"],
  ["51 mentions", MESSAGES, { ...MESSAGE, mentions: Array(51).fill("ada") }, "mentions", "is above 50"],
  ["a list in place of an object", MESSAGES, [], "", "is not an object"],
  ["null", MESSAGES, null, "", "is not an object"],
  ["no data", EVENTS, { event: "x" }, "data", "is missing"],
  ["data that is too deep", EVENTS, { event: "x", data: nested(9) }, "data", "is nested too deep"],
  [
    "a number that Redis would not carry",
    EVENTS,
    { event: "x", data: 1e300 },
    "data",
    "holds a number that is too large",
  ],
  ["an empty name", EVENTS, { event: "", data: 1 }, "event", "is empty"],
  ["a long name", EVENTS, { event: "x".repeat(129), data: 1 }, "event", "is above 128"],
  ["a flag that is a text", EVENTS, { event: "x", data: 1, volatile: "true" }, "volatile", "is not a boolean"],
  ["101 exceptions", EVENTS, { event: "x", data: 1, except: Array(101).fill("a") }, "except", "is above 100"],
  ["no room at all", "/v1/broadcast", { event: "x", data: 1, rooms: [] }, "rooms", "is below 1"],
  [
    "a room that is none",
    "/v1/broadcast",
    { event: "x", data: 1, rooms: ["r:lobby", "*"] },
    "rooms.1",
    "is not a room name",
  ],
  ["no commands", "/v1/batch", { commands: [] }, "commands", "is below 1"],
  ["1,001 commands", "/v1/batch", { commands: Array(1_001).fill({}) }, "commands", "is above 1000"],
  ["a moment that is none", "/v1/users/ada/revoke", { before: "yesterday" }, "before", expect.any(String)],
  ["a name that is none", "/v1/rooms/a%20b/messages", MESSAGE, "room", "is not a room name"],
  ["a long name of a room", `/v1/rooms/${"a".repeat(65)}/messages`, MESSAGE, "room", "is not a room name"],
  [
    "a user's id that is too long",
    `/v1/users/${"a".repeat(129)}/events`,
    { event: "x", data: 1 },
    "userId",
    "is above 128",
  ],
  ["NUL in a user's id", "/v1/users/a%00b/events", { event: "x", data: 1 }, "userId", "holds NUL or a lone surrogate"],
  ["an unknown parameter", `${MESSAGES}?room=lobby`, MESSAGE, "", "has unknown keys"],
  ["a parameter twice", `${MESSAGES}?namespace=/&namespace=/`, MESSAGE, "namespace", "is not a string"],
  ["a namespace that is no name", `${MESSAGES}?namespace=x`, MESSAGE, "namespace", "is not a namespace"],
])("refuses %s, and says where", async (_what, path, body, at, problem) => {
  const response = await post(path, body);

  expect([response.status, response.body.code]).toEqual([400, "PAYLOAD_INVALID"]);
  expect(response.body.details).toContainEqual({ path: at, problem });
});

it.each([...RESERVED_EVENTS])("refuses to emit %s", async (event) => {
  const { status, body } = await post(EVENTS, { event, data: 1 });

  expect([status, body.details]).toEqual([400, [{ path: "event", problem: "is a reserved name" }]]);
});

it("takes a user's id as long as it may be, in characters of four bytes", async () => {
  const { status } = await post(`/v1/users/${encodeURIComponent("😀".repeat(64))}/events`, { event: "x", data: 1 });

  expect(status).toBe(202);
});

it.each([
  ["a content above 8 KiB", MESSAGES, { ...MESSAGE, content: "x".repeat(8_193) }],
  ["metadata above 4 KiB", MESSAGES, { ...MESSAGE, metadata: { a: "x".repeat(4_096) } }],
  ["data above 64 KiB", EVENTS, { event: "x", data: "x".repeat(65_536) }],
  ["a body above 512 KiB", EVENTS, { event: "x", data: "x".repeat(600_000) }],
  ["a batch above 1 MiB", "/v1/batch", { commands: [{ command: "x".repeat(1_048_576) }] }],
])("refuses %s as too large", async (_what, path, body) => {
  expect([(await post(path, body)).status]).toEqual([413]);
});

it.each([
  ["an unknown path", "GET", "/v1/nothing", 404],
  ["a path without a room", "GET", "/v1/rooms//messages", 400],
  ["an unknown method", "PATCH", "/v1/rooms/lobby", 404],
  ["a method of another route", "GET", "/v1/broadcast", 404],
  ["an address that cannot be decoded", "GET", "/v1/rooms/%zz", 400],
  ["a namespace that is not there", "GET", "/v1/rooms?namespace=/nowhere", 404],
  ["a limit that is no number", "GET", "/v1/rooms/lobby/messages?limit=many", 400],
  ["a limit of nothing", "GET", "/v1/rooms/lobby/messages?limit=0", 400],
  ["a limit above the page", "GET", "/v1/rooms/lobby/messages?limit=201", 400],
  ["a number below all", "GET", "/v1/rooms/lobby/messages?before=0", 400],
  ["a negative number", "GET", "/v1/rooms/lobby/messages?after=-1", 400],
  ["a number above all numbers", "GET", "/v1/rooms/lobby/messages?after=9999999999999999", 400],
  ["two places at once", "GET", "/v1/rooms/lobby/messages?after=1&before=9", 400],
])("refuses %s", async (_what, method, path, status) => {
  expect((await callApi(server, method, path)).status).toBe(status);
});

it.each([
  ["JSON that does not end", '{"userId":', "application/json", 400],
  ["nothing", "", "application/json", 400],
  ["a key that changes prototypes", '{"__proto__":{"isAdmin":true}}', "application/json", 400],
  ["bytes that are not UTF-8", Buffer.from('{"userId":"bot","content":"\xff\xfe"}', "latin1"), "application/json", 400],
  ["half a megabyte of brackets", "[".repeat(500_000), "application/json", 400],
  ["as many closed ones", `${"[".repeat(200_000)}${"]".repeat(200_000)}`, "application/json", 400],
  ["a form", "userId=bot&content=hi", "application/x-www-form-urlencoded", 415],
  ["plain text", JSON.stringify(MESSAGE), "text/plain", 415],
  ["no type", JSON.stringify(MESSAGE), "", 415],
  ["a type that is none", JSON.stringify(MESSAGE), "json", 415],
])("refuses a body of %s", async (_what, raw, type, status) => {
  expect((await postRaw(MESSAGES, raw, { "content-type": type })).status).toBe(status);
});

it("takes JSON with a mark of its encoding, and with a parameter in its type", async () => {
  const marked = `\ufeff${JSON.stringify(MESSAGE)}`;

  expect((await postRaw(MESSAGES, marked, { "content-type": "application/json; charset=utf-8" })).status).toBe(201);
});

it.each([["\u00e9"], ["x".repeat(256)], [""]])("refuses the idempotency key %j", async (key) => {
  const { status } = await callApi(server, "POST", MESSAGES, { body: MESSAGE, headers: { "idempotency-key": key } });

  expect(status).toBe(400);
});

it("shows nothing of what was sent in any refusal", async () => {
  const { body } = await post(MESSAGES, { ...MESSAGE, hunter2: "hunter2", id: "hunter2" });

  expect(JSON.stringify(body)).not.toContain("hunter2");
});

/** What the server answers to these bytes. */
async function raw(bytes: string): Promise<Response> {
  const response = await sendRaw(server.directUrl, bytes);
  if (!response) {
    throw new Error("there was no answer");
  }
  return response;
}

it.each([
  ["what is no HTTP", "hello\r\n\r\n", 400],
  ["headers above 16 KiB", `GET / HTTP/1.1\r\nhost: x\r\nx-long: ${"x".repeat(17_000)}\r\n\r\n`, 413],
  ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["an expectation that is none", "GET / HTTP/1.1\r\nhost: x\r\nexpect: wonders\r\n\r\n", 400],
  ["two lengths", "POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}", 400],
  ["a length that is none", "POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n{}", 400],
])("answers %s with a problem", async (_what, bytes, status) => {
  const response = await raw(bytes);

  expect(response.status).toBe(status);
  checkProblem(response, await response.json());
});

it("answers a whole request before it ends the connection for what comes behind it", async () => {
  const body = JSON.stringify({ ...MESSAGE, content: "whole" });
  const response = await raw(
    `POST ${MESSAGES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.apiKey}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}rubbish\r\n\r\n`,
  );

  expect(response.status).toBe(201);
});

it("answers a body that does not arrive in time", async () => {
  const response = await raw(
    `POST ${MESSAGES} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.apiKey}\r\n` +
      `content-type: application/json\r\ncontent-length: 100\r\n\r\n{"userId":`,
  );

  expect(response.status).toBe(408);
  expect(checkProblem(response, await response.json())).toBe("REQUEST_TIMEOUT");
});
