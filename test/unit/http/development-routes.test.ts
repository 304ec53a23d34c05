import { createHttpApp } from "../../../src/http/create-http-app";
import { addDevelopmentRoutes } from "../../../src/http/development-routes";
import type { Logger } from "../../../src/observability/logger";

function setup() {
  const signed: { userId: string; username?: string }[] = [];
  const logger: Pick<Logger, "error"> = { error: () => {} };
  // Of a logger, the app uses `error` alone.
  const app = createHttpApp(logger as Logger, { maxHeaderBytes: 16_384, trustProxy: false });
  addDevelopmentRoutes(app, {
    signToken(claims) {
      signed.push(claims);
      return `token of ${claims.userId}`;
    },
  });
  const ask = (body: unknown) =>
    app.inject({ url: "/dev/token", method: "POST", payload: JSON.stringify(body), headers });
  return { app, ask, signed };
}

const headers = { "content-type": "application/json" };

describe("POST /dev/token", () => {
  it.each([
    ["a user id", { userId: "alice" }],
    ["a user id and a name", { userId: "alice", username: "Alice" }],
    ["the longest of both", { userId: "u".repeat(128), username: "n".repeat(64) }],
    ["one character of both", { userId: "u", username: "n" }],
  ])("hands out a token for %s, and signs nothing else", async (_what, body) => {
    const { ask, signed } = setup();

    const response = await ask(body);

    expect([response.statusCode, response.json()]).toEqual([200, { token: `token of ${body.userId}` }]);
    expect(signed).toStrictEqual([body]);
  });

  it.each([
    ["no user id", {}, ["userId"]],
    ["an empty user id", { userId: "" }, ["userId"]],
    ["a user id that is too long", { userId: "u".repeat(129) }, ["userId"]],
    ["a user id that is a number", { userId: 7 }, ["userId"]],
    ["an empty name", { userId: "alice", username: "" }, ["username"]],
    ["a name that is too long", { userId: "alice", username: "n".repeat(65) }, ["username"]],
    ["both wrong", { userId: null, username: null }, ["userId", "username"]],
    ["a claim that was not offered", { userId: "alice", rooms: ["*"] }, [""]],
    ["no object", "alice", [""]],
    ["null", null, [""]],
    ["an array", [{ userId: "alice" }], [""]],
  ])("refuses %s, says where, and signs nothing", async (_what, body, paths) => {
    const { ask, signed } = setup();

    const response = await ask(body);

    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      code: "PAYLOAD_INVALID",
      details: paths.map((path) => ({ path, problem: "is missing, unknown or of a wrong kind" })),
    });
    expect(signed).toEqual([]);
  });

  it("shows nothing of what it refuses", async () => {
    const { ask } = setup();

    const response = await ask({ userId: "alice", "<script>": "hunter2", username: ["hunter2"] });

    expect(response.statusCode).toBe(400);
    expect(response.body).not.toMatch(/script|hunter2|alice/);
  });

  it("refuses a call without a body", async () => {
    const { app } = setup();

    expect((await app.inject({ url: "/dev/token", method: "POST" })).json()).toMatchObject({ code: "PAYLOAD_INVALID" });
  });

  it("is no page to open", async () => {
    const { app } = setup();

    expect((await app.inject("/dev/token?userId=alice")).statusCode).toBe(404);
  });
});
