import { ERROR_CODES, type ErrorCode } from "../../../src/contract/error-codes";
import { RoomfulError } from "../../../src/contract/roomful-error";
import { createHttpApp } from "../../../src/http/create-http-app";
import type { Logger } from "../../../src/observability/logger";

function setup(route: () => unknown = () => ({ status: "fine" })) {
  const logged: unknown[][] = [];
  const logger: Pick<Logger, "error"> = { error: (...args: unknown[]) => void logged.push(args) };
  // Of a logger, the app uses `error` alone.
  const app = createHttpApp(logger as Logger, { maxHeaderBytes: 16_384, trustProxy: false });
  app.get("/route", route);
  app.post("/route", (request) => request.body);
  return { app, logged };
}

function problem(code: ErrorCode) {
  const { message, retryable, httpStatus } = ERROR_CODES[code];
  return { type: "about:blank", title: message, status: httpStatus, code, message, retryable };
}
const INTERNAL = { ...problem("INTERNAL"), retryAfterMs: 1_000 };

it("answers what a route answers", async () => {
  const { app, logged } = setup();

  const response = await app.inject("/route");

  expect([response.statusCode, response.json()]).toEqual([200, { status: "fine" }]);
  expect(logged).toEqual([]);
});

it.each(["NOT_IN_ROOM", "API_KEY_INVALID", "STORAGE_REJECTED"] as const)(
  "answers %s with its own status, as problem details, and logs nothing",
  async (code) => {
    const { app, logged } = setup(() => {
      throw new RoomfulError(code);
    });

    const response = await app.inject("/route");

    expect(response.statusCode).toBe(ERROR_CODES[code].httpStatus);
    expect(response.headers["content-type"]).toMatch(/^application\/problem\+json\b/);
    expect(response.json()).toEqual(problem(code));
    expect(logged).toEqual([]);
  },
);

it("answers how long to wait, and the details", async () => {
  const { app } = setup(async () => {
    throw new RoomfulError("RATE_LIMITED", { retryAfterMs: 250, details: { limit: "handshakes" } });
  });

  const response = await app.inject("/route");

  expect(response.json()).toEqual({
    ...problem("RATE_LIMITED"),
    ...{ retryAfterMs: 250, details: { limit: "handshakes" } },
  });
});

it.each([
  ["a bug", new TypeError("password is not a function")],
  ["an error that calls itself a server's", Object.assign(new Error("password"), { statusCode: 502 })],
])("answers INTERNAL for %s, shows nothing of it, and logs it", async (_what, error) => {
  const { app, logged } = setup(() => {
    throw error;
  });

  const response = await app.inject("/route");

  expect(response.statusCode).toBe(500);
  expect(response.json()).toEqual(INTERNAL);
  expect(response.headers["retry-after"]).toBe("1");
  expect(logged).toEqual([[{ err: error }, "an HTTP route failed"]]);
});

it.each([
  ["a path that is not there", { url: "/nothing" }, "NOT_FOUND"],
  ["a method that is not there", { url: "/route", method: "DELETE" }, "NOT_FOUND"],
  ["a path that goes up", { url: "/../../etc/passwd" }, "NOT_FOUND"],
] as const)("answers %s with problem details", async (_what, request, code) => {
  const { app, logged } = setup();

  const response = await app.inject({ ...request });

  expect(response.headers["content-type"]).toMatch(/^application\/problem\+json\b/);
  expect(response.json()).toEqual(problem(code));
  expect(response.statusCode).toBe(ERROR_CODES[code].httpStatus);
  expect(logged).toEqual([]);
});

describe("a body", () => {
  const post = (payload: string | Buffer, type = "application/json") =>
    setup().app.inject({ url: "/route", method: "POST", payload, headers: { "content-type": type } });
  /** JSON of so many bytes. */
  const jsonOf = (bytes: number): string => JSON.stringify("x".repeat(bytes - 2));

  it("may have 16 KiB, and no byte more", async () => {
    expect((await post(jsonOf(16_384))).statusCode).toBe(200);

    const response = await post(jsonOf(16_385));
    expect(response.statusCode).toBe(413);
    expect(response.json()).toEqual(problem("PAYLOAD_TOO_LARGE"));
  });

  it.each([
    ["JSON that does not end", '{"userId":', "application/json"],
    ["nothing where JSON is announced", "", "application/json"],
    ["a key that changes prototypes", '{"__proto__":{"isAdmin":true}}', "application/json"],
    ["bytes that are not UTF-8", Buffer.from('"\xff"', "latin1"), "application/json"],
  ])("is refused with %s", async (_what, payload, type) => {
    const response = await post(payload, type);

    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject(problem("PAYLOAD_INVALID"));
  });

  it.each([
    ["a form", "application/x-www-form-urlencoded"],
    ["plain text", "text/plain"],
    ["a type of its own making", "application/x-anything"],
  ])("is refused when it says that it is %s", async (_what, type) => {
    const response = await post('{"userId":"alice"}', type);

    expect(response.statusCode).toBe(415);
    expect(response.json()).toEqual(problem("CONTENT_TYPE_UNSUPPORTED"));
  });
});

it("gives a slow request little time", () => {
  const { app } = setup();

  expect(app.server.headersTimeout).toBe(5_000);
  expect(app.server.requestTimeout).toBe(10_000);
});

it("answers an address that cannot be decoded as it answers everything else, and does not repeat it", async () => {
  const { app } = setup();
  const response = await app.inject("/%zz");

  expect(response.statusCode).toBe(400);
  expect(response.headers["content-type"]).toContain("application/problem+json");
  expect(response.json()).toMatchObject({ code: "PAYLOAD_INVALID" });
  expect(response.body).not.toContain("zz");
});
