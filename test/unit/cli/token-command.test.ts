import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, type JwtPayload } from "jsonwebtoken";

import type { Environment } from "../../../src/cli/create-program";
import { createTokenCommand } from "../../../src/cli/token-command";
import { loadConfig } from "../../../src/config/load-config";
import { systemClock } from "../../../src/lifecycle/clock";
import { createTokenVerifier } from "../../../src/middleware/token-verifier";

const SECRET = "s".repeat(40);
const ENV = { ROOMFUL_JWT_SECRET: SECRET };

afterEach(() => jest.restoreAllMocks());

/** What the command prints. */
async function run(env: Environment, ...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  jest.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  await createTokenCommand(env).exitOverride().parseAsync(args, { from: "user" });
  return lines;
}

/** What a service of this environment takes the token for. */
function verify(token: string | undefined, env: Environment, secrets = loadConfig(env).jwt.secret) {
  return createTokenVerifier({ config: loadConfig(env).jwt, secrets, clock: systemClock }).verify(token);
}

it("prints a token and nothing else, which the service takes", async () => {
  const lines = await run(ENV, "--user", "alice");

  expect(lines).toHaveLength(1);
  expect(verify(lines[0], ENV)).toMatchObject({
    ...{ userId: "alice", username: "alice", rooms: undefined, namespaces: undefined, maySend: true },
  });
});

it("says the name and the rooms", async () => {
  const [token] = await run(ENV, "--user", "alice", "--name", "Alice A.", "--rooms", "lobby", "team:*");

  expect(verify(token, ENV)).toMatchObject({ userId: "alice", username: "Alice A.", rooms: ["lobby", "team:*"] });
});

it("says no more than it was asked for", async () => {
  const [token = ""] = await run(ENV, "--user", "alice");

  expect(Object.keys(decode(token) as JwtPayload).toSorted()).toEqual(["exp", "iat", "sub"]);
});

it.each([
  [[], 3_600],
  [["--ttl", "90s"], 90],
  [["--ttl", "15m"], 900],
  [["--ttl", "1h"], 3_600],
  [["--ttl", "7d"], 604_800],
])("is valid as long as %j says", async (args, seconds) => {
  const [token = ""] = await run(ENV, "--user", "alice", ...args);

  const { iat = 0, exp = 0 } = decode(token) as JwtPayload;
  expect(exp - iat).toBe(seconds);
  expect(Math.abs(iat * 1_000 - Date.now())).toBeLessThan(10_000);
});

it("signs nothing that lives longer than nodes allow", async () => {
  await expect(run(ENV, "--user", "alice", "--ttl", "31d")).rejects.toThrow("ROOMFUL_JWT_MAX_LIFETIME_MS=2592000000");

  const longer = { ...ENV, ROOMFUL_JWT_MAX_LIFETIME_MS: "0" };
  const [atMost] = await run(ENV, "--user", "alice", "--ttl", "30d");
  const [token] = await run(longer, "--user", "alice", "--ttl", "400d");
  expect(verify(atMost, ENV)).toMatchObject({ userId: "alice" });
  expect(verify(token, longer)).toMatchObject({ userId: "alice" });
});

it("signs with the first of two secrets, which is the new one", async () => {
  const env = { ROOMFUL_JWT_SECRET: `${SECRET},${"old".repeat(20)}` };

  const [token] = await run(env, "--user", "alice");

  expect(verify(token, ENV)).toMatchObject({ userId: "alice" });
});

it("names the issuer and the audience that the service demands", async () => {
  const env = { ...ENV, ROOMFUL_JWT_ISSUER: "https://id.example.org", ROOMFUL_JWT_AUDIENCE: "chat" };

  const [token] = await run(env, "--user", "alice");

  expect(verify(token, env)).toMatchObject({ userId: "alice" });
  expect(() => verify(token, { ...env, ROOMFUL_JWT_AUDIENCE: "shop" })).toThrow(
    expect.objectContaining({ code: "TOKEN_INVALID" }),
  );
});

it("signs with the development secret of the data folder where none is configured", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "roomful-token-"));
  try {
    const env = { ROOMFUL_DATA_DIR: dataDir };

    const [token] = await run(env, "--user", "alice");

    const secret = await readFile(join(dataDir, "development-secret"), "utf8");
    expect(verify(token, env, [secret])).toMatchObject({ userId: "alice" });
    expect(() => verify(token, ENV)).toThrow(expect.objectContaining({ code: "TOKEN_INVALID" }));
  } finally {
    await rm(dataDir, { recursive: true });
  }
});

it("signs nothing in production without a secret", async () => {
  const env = { NODE_ENV: "production", DATABASE_URL: "postgres://127.0.0.1:1/none" };

  await expect(run(env, "--user", "alice")).rejects.toMatchObject({ name: "ConfigError" });
});

it("says who can sign where the service has a public key", async () => {
  const { publicKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });

  await expect(run({ ROOMFUL_JWT_PUBLIC_KEY: publicKey }, "--user", "alice")).rejects.toThrow(
    "ROOMFUL_JWT_PUBLIC_KEY is set: only the holder of its private key can sign tokens",
  );
});

it("signs with the algorithm that the service takes", async () => {
  const env = { ...ENV, ROOMFUL_JWT_ALGORITHMS: "HS512" };
  const [token] = await run(env, "--user", "alice");

  expect(verify(token, env)).toMatchObject({ userId: "alice" });
});

it.each(["", "x".repeat(129)])("signs no token for a user whom the service would not take (%#)", async (user) => {
  jest.spyOn(process.stderr, "write").mockReturnValue(true);

  await expect(run(ENV, "--user", user)).rejects.toThrow("1 to 128 characters");
});
