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
