import { generateKeyPairSync } from "node:crypto";

import { findConfigWarnings } from "../../../src/config/config-warnings";
import { loadConfig } from "../../../src/config/load-config";

const SECRET = "s".repeat(32);
const PRODUCTION = { NODE_ENV: "production", DATABASE_URL: "postgres://db/x", ROOMFUL_JWT_SECRET: SECRET };
const warningsFor = (env: Record<string, string>) => findConfigWarnings(loadConfig(env));

describe("the port of a development service", () => {
  it.each([
    {},
    { HOST: "127.0.0.1" },
    { HOST: "localhost" },
    { HOST: "::1" },
    PRODUCTION,
    { ...PRODUCTION, HOST: "::" },
  ])("gives nothing to warn of with %j", (env) => {
    expect(warningsFor(env)).toEqual([]);
  });

  it.each(["0.0.0.0", "::", "192.168.1.5", "chat.test"])("is said to be open to others with HOST=%s", (HOST) => {
    const [warning, ...others] = warningsFor({ HOST });

    expect(warning).toContain(`HOST=${HOST}`);
    expect(warning).toMatch(
      /POST \/dev\/token signs a token of any user .*any origin.*ROOMFUL_ALLOWED_HOSTS.*Unset HOST/,
    );
    expect(others).toEqual([]);
  });

  it("is said to hand out tokens only where it does", () => {
    const env = { HOST: "0.0.0.0", ROOMFUL_HTTP_DEVELOPMENT_TOKENS: "off" };

    expect(warningsFor(env)).toEqual([expect.not.stringContaining("/dev/token")]);
    expect(warningsFor(env)).toEqual([expect.stringContaining("any origin")]);
  });
});

describe("keys of a provider in production", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  const base = { NODE_ENV: "production", DATABASE_URL: "postgres://db/x" };
  const jwks = { ...base, ROOMFUL_JWKS_URL: "https://id.example/keys" };

  it("are said to admit the tokens of all its apps where any audience is allowed", () => {
    expect(warningsFor({ ...jwks, ROOMFUL_JWT_AUDIENCE: "chat" })).toEqual([]);
    expect(warningsFor({ ...jwks, ROOMFUL_JWT_AUDIENCE: "*" })).toEqual([
      expect.stringMatching(/^ROOMFUL_JWT_AUDIENCE=\*: every token that is signed with the keys of ROOMFUL_JWKS_URL/),
    ]);
    expect(warningsFor({ ...jwks, ROOMFUL_JWT_AUDIENCE: "*", ROOMFUL_JWT_ISSUER: "https://id.example" })).toEqual([
      expect.stringContaining("signed by https://id.example admits here"),
    ]);
  });

  it("are said to do so with a public key and no audience", () => {
    expect(warningsFor({ ...base, ROOMFUL_JWT_PUBLIC_KEY: pem })).toEqual([
      expect.stringMatching(/^ROOMFUL_JWT_AUDIENCE is not set: every token/),
    ]);
    expect(warningsFor({ ...base, ROOMFUL_JWT_PUBLIC_KEY: pem, ROOMFUL_JWT_AUDIENCE: "chat" })).toEqual([]);
  });

  it("are said to be anybody's when they come without TLS", () => {
    const audience = { ...base, ROOMFUL_JWT_AUDIENCE: "chat" };

    expect(warningsFor({ ...audience, ROOMFUL_JWKS_URL: "http://id.example/keys" })).toEqual([
      expect.stringMatching(/^ROOMFUL_JWKS_URL is read without TLS/),
    ]);
    expect(warningsFor({ ...audience, ROOMFUL_JWKS_URL: "http://127.0.0.1:8080/keys" })).toEqual([]);
  });
});
