import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { createJwksFetcher } from "../../src/middleware/jwks-keys";

const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const short = generateKeyPairSync("rsa", { modulusLength: 1_024 });
const JWKS = JSON.stringify({
  keys: [
    { ...publicKey.export({ format: "jwk" }), kid: "good", use: "sig" },
    { ...short.publicKey.export({ format: "jwk" }), kid: "short", use: "sig" },
    { kty: "RSA", kid: "broken", use: "sig" },
  ],
});

let source: Server;
afterEach(() => {
  source.closeAllConnections();
  source.close();
});

async function fetchFrom(listener: RequestListener, timeoutMs?: number) {
  source = createServer(listener).listen(0, "127.0.0.1");
  await once(source, "listening");
  const { port } = source.address() as AddressInfo;
  const told: string[] = [];
  const fetchKeys = createJwksFetcher(`http://127.0.0.1:${port}/keys`, (kid) => void told.push(kid), timeoutMs);
  return { keys: await fetchKeys(), told };
}

it("reads the keys that are good, and tells of those that are too short", async () => {
  const { keys, told } = await fetchFrom((_request, response) => response.end(JWKS));

  expect(keys.map(({ kid }) => kid)).toEqual(["good"]);
  expect(told).toEqual(["short"]);
});

it("gives an address up that never comes to an end, however often it says something", async () => {
  await expect(
    fetchFrom((_request, response) => {
      const drip = setInterval(() => response.write(" "), 20);
      response.once("close", () => clearInterval(drip));
    }, 300),
  ).rejects.toMatchObject({ name: "TimeoutError" });
});

it.each<[string, RequestListener]>([
  ["an error", (_request, response) => response.writeHead(503).end(JWKS)],
  ["another address", (_request, response) => response.writeHead(302, { location: "/elsewhere" }).end()],
  ["what is no JSON", (_request, response) => response.end("<html>")],
  ["no keys", (_request, response) => response.end('{"keys":[]}')],
])("rejects when it is answered with %s", async (_what, listener) => {
  await expect(fetchFrom(listener)).rejects.toThrow();
});
