import { Agent, type IncomingMessage, type RequestOptions, request } from "node:http";
import { text } from "node:stream/consumers";

import { startTestServer, type TestServer } from "../../src/testing";
import { checkProblem } from "../support/api-client";
import { sendRaw } from "../support/raw-request";

/** As curl and Java's HttpClient offer HTTP/2 without TLS. */
const H2C = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n";
const BODY = '{"userId":"alice"}';
const JSON_TYPE = "content-type: application/json\r\n";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const statusOf = async (bytes: string): Promise<number | undefined> => (await sendRaw(server.directUrl, bytes))?.status;

async function send(options: RequestOptions, ...pieces: string[]): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(server.directUrl);
  const sent = request({ hostname, port, ...options });
  sent.flushHeaders();
  for (const piece of pieces) {
    await new Promise((resolve) => sent.write(piece, resolve));
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve).once("upgrade", resolve).once("error", reject).end();
  });
  return { status: response.statusCode ?? 0, text: await text(response) };
}

describe("a client that offers another protocol", () => {
  it.each([
    ["a health check", `GET /readyz HTTP/1.1\r\nhost: localhost\r\n${H2C}\r\n`, 200],
    ["the API", `GET /v1/rooms HTTP/1.1\r\nhost: localhost\r\n${H2C}\r\n`, 401],
    ["polling", `GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: localhost\r\n${H2C}\r\n`, 200],
    ["what is not there", `GET /nothing HTTP/1.1\r\nhost: localhost\r\n${H2C}\r\n`, 404],
    [
      "a call with a body",
      `POST /dev/token HTTP/1.1\r\nhost: localhost\r\n${H2C}${JSON_TYPE}content-length: ${BODY.length}\r\n\r\n${BODY}`,
      200,
    ],
    [
      "an old protocol",
      "GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: TLS/1.0\r\n\r\n",
      200,
    ],
    ["a tunnel", "CONNECT localhost:443 HTTP/1.1\r\nhost: localhost\r\n\r\n", 404],
  ])("is answered in HTTP/1.1 by %s", async (_what, bytes, status) => {
    expect(await statusOf(bytes)).toBe(status);
  });

  it("is answered when its body comes in pieces, and again on the same connection", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const headers = {
      ...{ "content-type": "application/json", "transfer-encoding": "chunked" },
      ...{ connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAoAAAAAIAAAAA" },
    };
    try {
      for (let count = 0; count < 3; count += 1) {
        const answer = await send({ agent, method: "POST", path: "/dev/token", headers }, '{"user', 'Id":"alice"}');

        expect(answer).toEqual({ status: 200, text: expect.stringContaining("token") });
      }
    } finally {
      agent.destroy();
    }
  });

  it("is answered when it wants a websocket where there is none", async () => {
    const response = await sendRaw(
      server.directUrl,
      "GET /v1/rooms/x HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );

    expect(response?.status).toBe(401);
    checkProblem(response as Response, await response?.json());
  });

  it("is answered where only polling is allowed", async () => {
    const polling = await startTestServer({ config: { transports: ["polling"] } });
    try {
      const response = await sendRaw(polling.directUrl, `GET /readyz HTTP/1.1\r\nhost: localhost\r\n${H2C}\r\n`);

      expect(response?.status).toBe(200);
    } finally {
      await polling.close();
    }
  });
});

describe("a client with long headers", () => {
  const cookie = (length: number) => `session=${"x".repeat(length)}`;

  it("is answered with cookies of 15 KB, on a route and on both transports", async () => {
    const headers = { cookie: cookie(15_000) };
    const websocket = {
      ...{ connection: "upgrade", upgrade: "websocket" },
      ...{ "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" },
    };

    expect(await send({ path: "/readyz", headers })).toMatchObject({ status: 200 });
    expect(await send({ path: "/socket.io/?EIO=4&transport=polling", headers })).toMatchObject({ status: 200 });
    const path = "/socket.io/?EIO=4&transport=websocket";
    const { hostname, port } = new URL(server.directUrl);
    const opened = request({ hostname, port, path, headers: { ...headers, ...websocket } });
    const [status, end] = await new Promise<[number | undefined, () => void]>((resolve, reject) => {
      opened.once("upgrade", ({ statusCode }, socket) => resolve([statusCode, () => socket.destroy()]));
      opened.once("response", ({ statusCode }) => resolve([statusCode, () => opened.destroy()]));
      opened.once("error", reject).end();
    });
    end();
    expect(status).toBe(101);
  });

  it("is refused above what is configured", async () => {
    const small = await startTestServer({ config: { http: { maxHeaderBytes: 4_096 } } });
    const get = `GET /readyz HTTP/1.1\r\nhost: localhost\r\ncookie: ${cookie(5_000)}\r\n\r\n`;
    try {
      expect((await sendRaw(small.directUrl, get))?.status).toBe(413);
      expect(await statusOf(get)).toBe(200);
      expect(await statusOf(get.replace(cookie(5_000), cookie(20_000)))).toBe(413);
    } finally {
      await small.close();
    }
  });
});
