import { createHmac, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { sign } from "jsonwebtoken";

import { startTestServer, type TestServer } from "../../src/testing";
import { refusalOf } from "../support/refusal";

const source = { keys: {} as Record<string, KeyObject>, hits: 0, isDown: false };
let http: Server;
let server: TestServer;

beforeAll(async () => {
  http = createServer((_request, response) => {
    source.hits += 1;
    const keys = Object.entries(source.keys).map(([kid, key]) => ({
      ...key.export({ format: "jwk" }),
      kid,
      use: "sig",
    }));
    response.writeHead(source.isDown ? 503 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys }));
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  server = await startTestServer({
    config: { jwt: { jwksUrl: `http://127.0.0.1:${port}/keys`, algorithms: ["RS256", "ES256"] } },
  });
});
afterAll(async () => {
  await server.close();
  http.closeAllConnections();
  http.close();
});

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const claims = { sub: "alice", exp: Math.floor(Date.now() / 1000) + 86_400 };

function connect(key: KeyObject, kid: string | undefined, algorithm: "RS256" | "ES256") {
  const token = sign(claims, key, { algorithm, ...(kid !== undefined && { keyid: kid }) });
  return server.connect({ userId: "alice", token });
}

it("takes tokens of the keys at the address, follows their exchange, and outlives the address", async () => {
  source.keys = { one: rsa.publicKey };
  expect((await connect(rsa.privateKey, "one", "RS256")).welcome.userId).toBe("alice");

  expect(await refusalOf(connect(ec.privateKey, "two", "ES256"))).toMatchObject({ code: "TOKEN_INVALID" });
  source.keys = { one: rsa.publicKey, two: ec.publicKey };
  // Without another request: the source was asked for this key a moment ago.
  expect(await refusalOf(connect(ec.privateKey, "two", "ES256"))).toMatchObject({
    ...{ code: "UNAVAILABLE", retryable: true, retryAfterMs: expect.any(Number) },
  });
  expect(source.hits).toBe(2);
  await server.clock.advance(30_000);
  expect((await connect(ec.privateKey, "two", "ES256")).welcome.userId).toBe("alice");
  expect(source.hits).toBe(3);

  source.isDown = true;
  await server.clock.advance(300_000);
  expect((await connect(rsa.privateKey, "one", "RS256")).welcome.userId).toBe("alice");
  await server.clock.advance(400_000);
  expect(await refusalOf(connect(rsa.privateKey, "one", "RS256"))).toMatchObject({
    code: "UNAVAILABLE",
    retryable: true,
  });

  source.isDown = false;
  await server.clock.advance(30_000);
  const client = await connect(rsa.privateKey, "one", "RS256");
  const token = sign(claims, ec.privateKey, { algorithm: "ES256", keyid: "two" });
  await expect(client.call("refresh_token", { token })).resolves.toMatchObject({ tokenExpiresAt: expect.any(String) });
});

it("refuses tokens of an RSA key that is too short to be safe, and takes the others", async () => {
  const short = generateKeyPairSync("rsa", { modulusLength: 1_024 });
  source.keys = { one: rsa.publicKey, short: short.publicKey };
  await server.clock.advance(300_000);
  // jsonwebtoken itself refuses to sign with it.
  const [header, payload] = [{ alg: "RS256", kid: "short" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signature = createSign("RSA-SHA256").update(`${header}.${payload}`).sign(short.privateKey, "base64url");
  const attempt = server.connect({ userId: "alice", token: `${header}.${payload}.${signature}` });

  expect(await refusalOf(attempt)).toMatchObject({ code: "TOKEN_INVALID" });
  expect((await connect(rsa.privateKey, "one", "RS256")).welcome.userId).toBe("alice");
});

it.each([
  ["a kid that is an object", () => connectWith({ alg: "RS256", kid: { $ne: "" } })],
  ["a kid that is longer than any", () => connectWith({ alg: "RS256", kid: "k".repeat(257) })],
])("refuses a token with %s, without asking", async (_what, attempt) => {
  const { hits } = source;

  expect(await refusalOf(attempt())).toMatchObject({ code: "TOKEN_INVALID" });
  expect(source.hits).toBe(hits);
});

function connectWith(header: object) {
  const token = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return server.connect({ userId: "alice", token: `${token}.c2ln` });
}

it.each([
  ["no kid", () => connect(rsa.privateKey, undefined, "RS256")],
  ["the kid of another key", () => connect(rsa.privateKey, "two", "RS256")],
  [
    "a signature with the public key as a secret",
    () => {
      const pem = rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
      const [header, payload] = [{ alg: "HS256", kid: "one" }, claims].map((part) =>
        Buffer.from(JSON.stringify(part)).toString("base64url"),
      );
      const signature = createHmac("sha256", pem).update(`${header}.${payload}`).digest("base64url");
      return server.connect({ userId: "alice", token: `${header}.${payload}.${signature}` });
    },
  ],
])("refuses a token with %s", async (_what, attempt) => {
  expect(await refusalOf(attempt())).toMatchObject({ code: "TOKEN_INVALID" });
});
