import { type Client, createClient } from "../../client/src";
import { startTestServer, type TestServer, until } from "../../src/testing";
import { startDeployedHaproxy } from "../support/haproxy";
import type { ProgramProcess } from "../support/program-process";

const APP = "https://app.example";
let server: TestServer;
let haproxy: ProgramProcess;
let url: string;
const clients: Client[] = [];

beforeAll(async () => {
  server = await startTestServer({ nodes: 2, config: { http: { allowedOrigins: [APP], allowCredentials: true } } });
  haproxy = await startDeployedHaproxy(
    server.nodes.map((node) => node.directUrl),
    // Everything, to look at the other routes; and over plain HTTP, where a `secure` cookie is not sent.
    (config) => config.replace(/^ *http-request deny .*$/m, "").replace(" secure attr", " attr"),
  );
  url = `http://127.0.0.1:${haproxy.port}`;
});

afterAll(async () => {
  for (const client of clients) {
    client.close();
  }
  await haproxy?.stop();
  await server?.close();
});

function connect(userId: string, withCredentials: boolean): Client {
  const getToken = () => server.tokens.mint({ userId });
  const client = createClient({ url, getToken, transports: ["polling"], withCredentials });
  clients.push(client);
  return client;
}

describe("a client that polls two nodes behind a cookie", () => {
  it("stays with its node when it sends the cookie", async () => {
    const rooms = ["ada", "bob", "cem", "dan"].map((userId) => connect(userId, true).room("general"));
    for (const room of rooms) {
      await until(room, ({ status }) => status === "live");
    }

    await rooms[0]?.send("hi");

    for (const room of rooms) {
      await until(room, ({ messages }) => messages.some(({ content, seq }) => content === "hi" && seq === 1));
    }
    const perNode = await Promise.all(server.nodes.map(async ({ directUrl }) => socketsAt(directUrl)));
    expect(perNode).toEqual([2, 2]);
  });

  it("finds no node twice without", async () => {
    const client = connect("eve", false);

    const { error } = await until(client.connection, ({ status }) => status === "waiting");

    expect(error?.message).toMatch(/^xhr (poll|post) error$/);
  });
});

describe("what other origins are told", () => {
  const ask = (path: string, origin: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
    fetch(url + path, { ...init, headers: { ...init.headers, origin } });
  const told = ({ headers }: Response) => [
    headers.get("access-control-allow-origin"),
    headers.get("access-control-allow-credentials"),
    headers.get("vary")?.toLowerCase(),
  ];

  it.each(["/socket.io/?EIO=4&transport=polling", "/v1/rooms", "/openapi.json", "/asyncapi.json", "/docs"])(
    "is the same at %s",
    async (path) => {
      expect(told(await ask(path, APP))).toEqual([APP, "true", "origin"]);
      expect(told(await ask(path, "https://evil.example")).slice(0, 1)).toEqual([null]);
    },
  );

  it.each(["/socket.io/?EIO=4&transport=polling", "/v1/rooms/general/messages"])(
    "is said before a request to %s",
    async (path) => {
      const headers = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" };

      const response = await ask(path, APP, { method: "OPTIONS", headers });

      expect([response.status, ...told(response).slice(0, 2)]).toEqual([204, APP, "true"]);
      expect(response.headers.get("access-control-allow-methods")).toContain("POST");
      expect(response.headers.get("access-control-allow-headers")).toContain("content-type");
      expect(told(await ask(path, "https://evil.example", { method: "OPTIONS", headers })).slice(0, 1)).toEqual([null]);
    },
  );
});

async function socketsAt(nodeUrl: string): Promise<number> {
  const metrics = await (await fetch(new URL("/metrics", nodeUrl))).text();
  return Number(/^roomful_sockets\{namespace="\/"\} (\d+)$/m.exec(metrics)?.[1]);
}
