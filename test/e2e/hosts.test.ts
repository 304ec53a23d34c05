import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

import { startTestServer, type TestServer } from "../../src/testing";

interface Call {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ config: { http: { allowedHosts: ["chat.test"] } } });
});
afterAll(() => server.close());

/** What a browser gets whose page was loaded under that host. */
async function ask(host: string, { method, path, headers, body }: Call): Promise<{ status: number; text: string }> {
  const sent = request(server.directUrl + path, { method, headers: { ...headers, host }, agent: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve).once("upgrade", resolve).once("error", reject).end(body);
  });
  const status = response.statusCode ?? 0;
  const said = status === 101 ? "" : await text(response);
  response.destroy();
  return { status, text: said };
}

const WEBSOCKET = {
  ...{ connection: "upgrade", upgrade: "websocket" },
  ...{ "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" },
};
const TOKEN = { headers: { "content-type": "application/json" }, body: '{"userId":"alice"}' };
const DOORS: [string, Call][] = [
  ["tokens", { method: "POST", path: "/dev/token", ...TOKEN }],
  ["the page", { method: "GET", path: "/" }],
  ["what the page loads", { method: "GET", path: "/assets/nothing.js" }],
  ["a websocket", { method: "GET", path: "/socket.io/?EIO=4&transport=websocket", headers: WEBSOCKET }],
  ["polling", { method: "GET", path: "/socket.io/?EIO=4&transport=polling" }],
];

it.each(DOORS)("refuses %s under a foreign name that leads to this machine", async (_what, call) => {
  for (const host of ["evil.example", `evil.example:${new URL(server.directUrl).port}`]) {
    const answer = await ask(host, call);

    expect([400, 403]).toContain(answer.status);
    expect(answer.text).toContain("HOST_REFUSED");
  }
});

it.each(DOORS)("gives %s under its own names, and under those that are listed", async (_what, call) => {
  for (const host of ["localhost", "127.0.0.1:3000", "[::1]:3000", "chat.test:3000"]) {
    const answer = await ask(host, call);

    expect([101, 200, 404]).toContain(answer.status);
    expect(answer.text).not.toContain("HOST_REFUSED");
  }
});

it("answers what hands out nothing under any name", async () => {
  expect(await ask("evil.example", { method: "GET", path: "/readyz" })).toMatchObject({ status: 200 });
  expect(await ask("evil.example", { method: "GET", path: "/v1/rooms" })).toMatchObject({ status: 401 });
});
