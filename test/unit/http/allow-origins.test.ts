import fastify from "fastify";

import { allowOrigins } from "../../../src/http/allow-origins";

const APP = "https://app.example";

function setup(allowCredentials: boolean) {
  const app = fastify();
  allowOrigins(app, { allowCredentials, isListed: ({ headers }) => headers.origin === APP });
  app.get("/v1/rooms", async () => []);
  const ask = (origin: string | undefined, method: "GET" | "OPTIONS" = "GET", more = {}) =>
    app.inject({ method, url: "/v1/rooms", headers: { ...(origin && { origin }), ...more } });
  return { ask };
}

it("lets pages of listed origins read, and no others", async () => {
  const { ask } = setup(false);

  expect((await ask(APP)).headers).toMatchObject({ "access-control-allow-origin": APP, vary: "Origin" });
  for (const origin of [undefined, "null", "https://evil.example", `${APP}.evil.example`]) {
    const { headers } = await ask(origin);
    expect(headers).toMatchObject({ vary: "Origin" });
    expect(headers).not.toHaveProperty("access-control-allow-origin");
    expect(headers).not.toHaveProperty("access-control-allow-credentials");
  }
});

it.each([
  [true, "true"],
  [false, undefined],
])("says of cookies what is configured: %s", async (allowCredentials, expected) => {
  const { headers } = await setup(allowCredentials).ask(APP);

  expect(headers["access-control-allow-credentials"]).toBe(expected);
});

it("answers a browser's question, and leaves a stranger's to the route", async () => {
  const { ask } = setup(false);
  const question = { "access-control-request-method": "PUT" };

  const answer = await ask(APP, "OPTIONS", question);

  expect([answer.statusCode, answer.body]).toEqual([204, ""]);
  expect(answer.headers["access-control-allow-methods"]).toContain("PUT");
  expect((await ask("https://evil.example", "OPTIONS", question)).statusCode).toBe(404);
  expect((await ask(APP, "OPTIONS")).statusCode).toBe(404);
});
