import { generateKeyPairSync } from "node:crypto";

import { listOptions } from "../../../src/config/config";
import { ConfigError, createConfig, findUnknownVariables, loadConfig } from "../../../src/config/load-config";

const SECRET = "s".repeat(32);
const DATABASE_URL = "postgres://roomful:hunter2@db.example.org/roomful";
const { publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
/** What production needs. */
const PRODUCTION = { NODE_ENV: "production", DATABASE_URL, ROOMFUL_JWT_SECRET: SECRET };

function faultsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.faults;
    }
    throw error;
  }
  return [];
}

const faultsIn = (env: Record<string, string>) => faultsOf(() => loadConfig(env));

describe("loadConfig", () => {
  it("answers every option's default when nothing is set", () => {
    const config = loadConfig({});

    expect(listOptions().length).toBeGreaterThan(50);
    for (const { path, option } of listOptions()) {
      expect([path, valueAt(config, path)]).toEqual([path, option.default]);
    }
  });

  it("answers the defaults of the specification", () => {
    expect(loadConfig({})).toMatchObject({
      ...{ mode: "development", locale: "en", namespaces: ["/"], delivery: "fast", roomAccess: "open" },
      http: { port: 3000, host: undefined, trustProxy: false },
      transports: ["websocket", "polling"],
      connections: {
        ...{ handshakeTimeoutMs: 5_000, maxPerUser: 20, maxRooms: 100, maxNamespaces: 4 },
        ...{ maxPerAddress: 0, maxHandshakesPerAddressPerSecond: 0, pingIntervalMs: 15_000, pingTimeoutMs: 10_000 },
      },
      limits: {
        ...{ maxFrameBytes: 64 * 1024, maxContentBytes: 8 * 1024, maxMetadataBytes: 4 * 1024 },
        ...{ maxJsonDepth: 8, maxUnansweredSends: 64, maxPageBytes: 256 * 1024 },
      },
      rateLimits: {
        ...{ enabled: "on", messagePerSecond: 20, messageBurst: 40, joinPerSecond: 10, joinBurst: 50 },
        ...{ typingPerSecond: 5, typingBurst: 10, historyPerSecond: 5, historyBurst: 20 },
      },
      emitBuffer: { maxPackets: 256, maxBytes: 1024 * 1024, maxAgeMs: 5_000 },
      writeBuffer: {
        ...{ lanes: 2, maxBatchSize: 200, flushIntervalMs: 10, drainTimeoutMs: 8_000, rememberedKeys: 50_000 },
        ...{ maxMessages: 20_000, maxBytes: 16 * 1024 * 1024, maxAgeMs: 30_000, storedIntervalMs: 250 },
      },
      catchUp: { ringMessages: 256, ringBytes: 64 * 1024 * 1024 },
      presence: { maxListed: 100, graceMs: 5_000, batchIntervalMs: 250 },
      typing: { expiryMs: 6_000, repeatMs: 3_000 },
      shutdown: { timeoutMs: 15_000 },
    });
  });

  it("reads each kind of option", () => {
    const config = loadConfig({
      ...{ PORT: "0", HOST: "0.0.0.0", ROOMFUL_TRUST_PROXY: "true", ROOMFUL_LOCALE: "zh" },
      ...{ ROOMFUL_NAMESPACES: "/, /support ,/a_b-C", ROOMFUL_TRANSPORTS: "websocket" },
      ...{ ROOMFUL_JWT_SECRET: `${SECRET},${"t".repeat(40)}`, ROOMFUL_WRITE_BUFFER_FLUSH_INTERVAL_MS: "25" },
    });

    expect(config).toMatchObject({
      http: { port: 0, host: "0.0.0.0", trustProxy: true },
      ...{ locale: "zh", namespaces: ["/", "/support", "/a_b-C"], transports: ["websocket"] },
      jwt: { secret: [SECRET, "t".repeat(40)] },
      writeBuffer: { flushIntervalMs: 25 },
    });
  });

  it("reads every option from its own variable", () => {
    const options = listOptions();
    expect(new Set(options.map(({ variable }) => variable)).size).toBe(options.length);

    // A comma alone is wrong for every option but plain texts.
    const wrong = options.filter(({ option }) => !option.schema.safeParse(",").success);
    const faults = faultsIn(Object.fromEntries(wrong.map(({ variable }) => [variable, ","])));

    expect(wrong.length).toBeGreaterThan(40);
    for (const { variable } of wrong) {
      expect(faults.filter((fault) => fault.startsWith(`${variable}=`))).toHaveLength(1);
    }
  });

  it.each(["", " ", "\t\n"])("takes a variable that is %j for one that is unset", (empty) => {
    const env = Object.fromEntries(listOptions().map(({ variable }) => [variable, empty]));

    expect(loadConfig({ ...env, REDIS_URL: empty })).toEqual(loadConfig({}));
  });

  it("does not count spaces around a value", () => {
    expect(loadConfig({ PORT: " 8080 " }).http.port).toBe(8080);
  });

  it("leaves the environment as it is, and takes a frozen one", () => {
    const env = Object.freeze({ PORT: "8080" });

    expect(loadConfig(env).http.port).toBe(8080);
  });

  it("collects all faults and throws once: variable, value, and what was expected", () => {
    const env = {
      ...{ PORT: "http", NODE_ENV: "prod", ROOMFUL_NAMESPACES: "support", ROOMFUL_TRUST_PROXY: "yes" },
      ...{ ROOMFUL_TRANSPORTS: "websocket,webtransport", ROOMFUL_WRITE_BUFFER_LANES: "0" },
    };

    expect(faultsIn(env).toSorted()).toEqual([
      "NODE_ENV=prod: expected one of development, production, test",
      "PORT=http: expected a whole number from 0",
      "ROOMFUL_NAMESPACES=support: expected a comma-separated list of names such as / or /support (letters, digits, _ and -)",
      "ROOMFUL_TRANSPORTS=websocket,webtransport: expected a comma-separated list of websocket, polling",
      "ROOMFUL_TRUST_PROXY=yes: expected true or false",
      "ROOMFUL_WRITE_BUFFER_LANES=0: expected a whole number from 1",
    ]);
  });

  it("says all faults in the error's message, a line each", () => {
    expect(() => loadConfig({ PORT: "x", ROOMFUL_LOCALE: "fr" })).toThrow(
      new Error(
        "The configuration cannot be used:\n" +
          "  - ROOMFUL_LOCALE=fr: expected one of en, zh\n" +
          "  - PORT=x: expected a whole number from 0",
      ),
    );
  });

  it.each(["-1", "1.5", "1e3", "0x10", "1_000", "1,000", "ten", "Infinity", "1234567890123456"])(
    "does not take %s for a whole number",
    (text) => {
      expect(faultsIn({ ROOMFUL_EMIT_BUFFER_MAX_PACKETS: text })).toEqual([
        `ROOMFUL_EMIT_BUFFER_MAX_PACKETS=${text}: expected a whole number from 0`,
      ]);
    },
  );

  it("takes 0 where 0 has a meaning, and nowhere else", () => {
    const numbers = listOptions().filter(({ option }) => typeof option.default === "number");

    for (const { variable, option } of numbers) {
      expect([variable, option.schema.safeParse("0").success]).toEqual([variable, option.zero !== undefined]);
      expect([variable, option.schema.safeParse("1").success]).toEqual([variable, true]);
    }
  });

  describe("of secrets", () => {
    it("shows none that is too short", () => {
      const env = { ROOMFUL_JWT_SECRET: "hunter2", DATABASE_URL };

      expect(faultsIn(env)).toEqual(["ROOMFUL_JWT_SECRET: expected at least 32 bytes each (openssl rand -base64 48)"]);
    });

    it("shows none that cannot be read", () => {
      expect(faultsIn({ ROOMFUL_JWT_SECRET: "hunter2,,", ROOMFUL_JWT_PUBLIC_KEY: "-----BEGIN hunter2" })).toEqual([
        "ROOMFUL_JWT_SECRET=(hidden): expected a comma-separated list",
        "ROOMFUL_JWT_PUBLIC_KEY=(hidden): expected a public key in PEM",
      ]);
    });

    it("shows none that lacks what belongs to it", () => {
      const [fault] = faultsIn({ REDIS_URL: "redis://:hunter2@cache" });

      expect(fault).not.toContain("hunter2");
    });

    it("shows no API key, only its place", () => {
      const good = "k".repeat(32);
      const faults = faultsIn({ ROOMFUL_API_KEYS: `${good},hunter2,shop:${good}` });

      expect(faults).toEqual([
        expect.stringMatching(/^ROOMFUL_API_KEYS, entry 2=\(hidden\): expected a key of at least 32/),
        "ROOMFUL_API_KEYS, entry 3=(hidden): the same key stands there twice",
      ]);
      expect(faults.join()).not.toMatch(/hunter2|kkk/);
    });

    it("knows every option that holds one", () => {
      expect(
        listOptions()
          .filter(({ option }) => option.isSecret)
          .map(({ variable }) => variable),
      ).toEqual([
        "ROOMFUL_API_KEYS",
        "DATABASE_URL",
        "ROOMFUL_DATABASE_DIRECT_URL",
        "REDIS_URL",
        "ROOMFUL_JWT_SECRET",
        "ROOMFUL_JWT_PUBLIC_KEY",
      ]);
    });

    it("counts bytes, not characters", () => {
      expect(loadConfig({ ROOMFUL_JWT_SECRET: "é".repeat(16) }).jwt.secret).toEqual(["é".repeat(16)]);
      expect(faultsIn({ ROOMFUL_JWT_SECRET: "s".repeat(31) })).toHaveLength(1);
    });

    it("takes two, each long enough, and no third", () => {
      expect(faultsIn({ ROOMFUL_JWT_SECRET: `${SECRET},${SECRET}x` })).toEqual([]);
      expect(faultsIn({ ROOMFUL_JWT_SECRET: `${SECRET},short` })).toHaveLength(1);
      expect(faultsIn({ ROOMFUL_JWT_SECRET: `${SECRET},${SECRET}x,${SECRET}y` })).toEqual([
        "ROOMFUL_JWT_SECRET: at most two secrets at a time",
      ]);
    });
  });

  describe("of keys", () => {
    it("takes a public key", () => {
      expect(loadConfig({ ROOMFUL_JWT_PUBLIC_KEY: publicKey }).jwt.publicKey).toBe(publicKey.trim());
    });

    it.each(["rsa", "rsa-pss"] as const)("refuses a public key of kind %s with less than 2,048 bits", (kind) => {
      const short = generateKeyPairSync(kind as "rsa", { modulusLength: 1_024 });
      const pem = short.publicKey.export({ type: "spki", format: "pem" }).toString();

      expect(faultsIn({ ROOMFUL_JWT_PUBLIC_KEY: pem })).toEqual([
        "ROOMFUL_JWT_PUBLIC_KEY=(hidden): expected an RSA key of at least 2048 bits",
      ]);
    });

    it("refuses a secret beside a public key", () => {
      expect(faultsIn({ ROOMFUL_JWT_PUBLIC_KEY: publicKey, ROOMFUL_JWT_SECRET: SECRET })).toEqual([
        expect.stringMatching(/^ROOMFUL_JWT_SECRET and ROOMFUL_JWT_PUBLIC_KEY: set one of them/),
      ]);
    });

    it.each([
      ["RS256 with a secret", { ROOMFUL_JWT_SECRET: SECRET, ROOMFUL_JWT_ALGORITHMS: "RS256" }, "HS"],
      [
        "HS256 with a public key",
        { ROOMFUL_JWT_PUBLIC_KEY: publicKey, ROOMFUL_JWT_ALGORITHMS: "HS256" },
        "RS, PS or ES",
      ],
      [
        "both with a public key",
        { ROOMFUL_JWT_PUBLIC_KEY: publicKey, ROOMFUL_JWT_ALGORITHMS: "RS256,HS256" },
        "RS, PS or ES",
      ],
    ])("refuses %s", (_what, env, expected) => {
      expect(faultsIn(env)).toEqual([`ROOMFUL_JWT_ALGORITHMS: expected only ${expected} algorithms with this key`]);
    });

    it("refuses the algorithm none", () => {
      expect(faultsIn({ ROOMFUL_JWT_ALGORITHMS: "none" })).toEqual([
        expect.stringMatching(/^ROOMFUL_JWT_ALGORITHMS=none: expected a comma-separated list of HS256, /),
      ]);
    });
  });

  it.each([
    ["ROOMFUL_EMIT_BUFFER_MAX_BYTES", { ROOMFUL_EMIT_BUFFER_MAX_BYTES: "262143" }],
    ["ROOMFUL_CONNECTIONS_PING_TIMEOUT_MS", { ROOMFUL_CONNECTIONS_PING_TIMEOUT_MS: "150000" }],
  ])("refuses a value of %s that does not fit the others", (variable, env) => {
    expect(faultsIn(env)).toEqual([expect.stringMatching(new RegExp(`^${variable}: expected `))]);
  });

  it.each([
    { ROOMFUL_EMIT_BUFFER_MAX_BYTES: "262144" },
    { ROOMFUL_EMIT_BUFFER_MAX_BYTES: "0" },
    { ROOMFUL_CONNECTIONS_PING_TIMEOUT_MS: "149999" },
  ])("takes values that just fit each other: %j", (env) => {
    expect(faultsIn(env)).toEqual([]);
  });

  describe("in production", () => {
    it("takes what is safe", () => {
      expect(loadConfig(PRODUCTION)).toMatchObject({ mode: "production", database: { url: DATABASE_URL } });
      expect(faultsIn({ NODE_ENV: "production", DATABASE_URL, ROOMFUL_JWT_PUBLIC_KEY: publicKey })).toEqual([]);
    });

    it("names every unsafe default", () => {
      expect(faultsIn({ NODE_ENV: "production" })).toEqual([
        expect.stringMatching(/^ROOMFUL_JWT_SECRET: production needs it, or ROOMFUL_JWT_PUBLIC_KEY/),
        expect.stringMatching(/^DATABASE_URL: production needs a Postgres of its own/),
      ]);
    });

    it("wants to know for whom the provider's tokens are, or that it does not matter", () => {
      const env = { NODE_ENV: "production", DATABASE_URL, ROOMFUL_JWKS_URL: "https://id.example/keys" };

      expect(faultsIn(env)).toEqual([expect.stringMatching(/^ROOMFUL_JWT_AUDIENCE: production .*other apps/)]);
      expect(faultsIn({ ...env, ROOMFUL_JWT_AUDIENCE: "chat" })).toEqual([]);
      expect(faultsIn({ ...env, ROOMFUL_JWT_AUDIENCE: "*" })).toEqual([]);
      expect(faultsIn({ ...env, NODE_ENV: "development" })).toEqual([]);
    });

    it("refuses the development route", () => {
      expect(faultsIn({ ...PRODUCTION, ROOMFUL_HTTP_DEVELOPMENT_TOKENS: "on" })).toEqual([
        expect.stringMatching(/^ROOMFUL_HTTP_DEVELOPMENT_TOKENS: production must not hand out tokens/),
      ]);
      expect(faultsIn({ ...PRODUCTION, ROOMFUL_HTTP_DEVELOPMENT_TOKENS: "off" })).toEqual([]);
    });

    it.each(["DATABASE_URL", "ROOMFUL_JWT_SECRET"])("takes an empty %s for a missing one", (variable) => {
      expect(faultsIn({ ...PRODUCTION, [variable]: " " })).toEqual([expect.stringMatching(`^${variable}: `)]);
    });

    it("says what a value is wrong for and what is missing in one error", () => {
      expect(faultsIn({ NODE_ENV: "production", PORT: "x", ROOMFUL_API_KEYS: "key" })).toHaveLength(4);
    });
  });
});

describe("createConfig", () => {
  it("answers the defaults when nothing is given", () => {
    expect(createConfig()).toEqual(loadConfig({}));
  });

  it("takes what is given and keeps the rest of its part", () => {
    const config = createConfig({ mode: "test", namespaces: ["/a"], http: { port: 0 }, writeBuffer: { lanes: 4 } });

    const defaults = createConfig();
    expect(config).toEqual({
      ...defaults,
      ...{ mode: "test", namespaces: ["/a"] },
      http: { ...defaults.http, port: 0 },
      writeBuffer: { ...defaults.writeBuffer, lanes: 4 },
    });
  });

  it("takes 0 for a value", () => {
    expect(createConfig({ http: { port: 0 }, presence: { graceMs: 0 } })).toMatchObject({
      ...{ http: { port: 0 }, presence: { graceMs: 0 } },
    });
  });

  it("reads nothing from the environment", () => {
    process.env["ROOMFUL_LOCALE"] = "zh";
    try {
      expect(createConfig().locale).toBe("en");
    } finally {
      delete process.env["ROOMFUL_LOCALE"];
    }
  });

  it("gives each caller an object of its own", () => {
    const first = createConfig();

    expect(createConfig()).not.toBe(first);
    expect(createConfig().http).not.toBe(first.http);
  });

  it("refuses what does not fit together, as loadConfig does", () => {
    expect(faultsOf(() => createConfig({ mode: "production", jwt: { secret: ["short"] } }))).toEqual([
      expect.stringMatching(/^ROOMFUL_JWT_SECRET: expected at least 32 bytes/),
      expect.stringMatching(/^DATABASE_URL: production needs/),
    ]);
  });
});

describe("findUnknownVariables", () => {
  it("finds a misspelt variable", () => {
    expect(findUnknownVariables({ ROOMFUL_JWT_SECRETS: "x", ROOMFUL_JWT_SECRET: SECRET, ROOMFUL_: "" })).toEqual([
      "ROOMFUL_JWT_SECRETS",
      "ROOMFUL_",
    ]);
  });

  it("knows every variable of an option", () => {
    const env = Object.fromEntries(listOptions().map(({ variable }) => [variable, "x"]));

    expect(findUnknownVariables(env)).toEqual([]);
  });

  it("leaves other programs' variables alone", () => {
    expect(findUnknownVariables({ PATH: "/bin", ROOMFULL: "x", MY_ROOMFUL_THING: "x", roomful_x: "x" })).toEqual([]);
  });
});

function valueAt(tree: object, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], tree);
}

it("refuses a private key where a public one belongs", () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();

  expect(() => loadConfig({ ROOMFUL_JWT_PUBLIC_KEY: pem, ROOMFUL_JWT_ALGORITHMS: "ES256" })).toThrow(
    "expected a public key in PEM",
  );
});

it("refuses two kinds of keys at a time, and an address that is none", () => {
  expect(() => loadConfig({ ROOMFUL_JWT_SECRET: "s".repeat(40), ROOMFUL_JWKS_URL: "https://id.example/keys" })).toThrow(
    "ROOMFUL_JWT_SECRET and ROOMFUL_JWKS_URL: set one of them",
  );
  expect(() => loadConfig({ ROOMFUL_JWKS_URL: "file:///etc/passwd" })).toThrow("begins with https://");
});

it.each([
  [
    "a limit of 0 where 0 has no meaning",
    { writeBuffer: { lanes: 0 } },
    "writeBuffer.lanes=0: expected a whole number from 1",
  ],
  ["a part of one", { typing: { expiryMs: 1.5 } }, "typing.expiryMs=1.5"],
  ["less than nothing", { http: { port: -1 } }, "http.port=-1: expected a whole number from 0"],
])("createConfig refuses %s", (_what, overrides, fault) => {
  expect(() => createConfig(overrides)).toThrow(fault);
});

it("wants one key and one Postgres for all nodes behind Redis", () => {
  const faults = (env: Record<string, string>): string => {
    try {
      loadConfig(env);
      return "";
    } catch (error) {
      return String(error);
    }
  };
  const whole = { REDIS_URL: "redis://cache", ROOMFUL_JWT_SECRET: "s".repeat(40), DATABASE_URL: "postgres://db/x" };

  expect(faults(whole)).toBe("");
  expect(faults({ ...whole, ROOMFUL_REDIS_PREFIX: "chat:eu-1" })).toBe("");
  // Would be a pattern, or a hash tag of a cluster.
  for (const prefix of ["chat*", "{chat}", "a b", "x".repeat(65)]) {
    expect(faults({ ...whole, ROOMFUL_REDIS_PREFIX: prefix })).toContain("ROOMFUL_REDIS_PREFIX=");
  }
  expect(faults({ REDIS_URL: "redis://cache" })).toMatch(
    /several nodes need one key.*several nodes need one Postgres/s,
  );
  expect(faults({ ...whole, REDIS_URL: "http://secret@cache" })).toContain(
    "REDIS_URL=(hidden): expected an address that begins with redis://",
  );
});

it.each([
  ["no list", {}],
  ["an origin with *", { ROOMFUL_ALLOWED_ORIGINS: "https://app.example,https://*.app.example" }],
])("refuses cookies of pages with %s", (_what, env) => {
  expect(() => loadConfig({ ...env, ROOMFUL_ALLOW_CREDENTIALS: "true" })).toThrow(
    "ROOMFUL_ALLOW_CREDENTIALS: expected",
  );
});

it("takes cookies of pages whose origins are named", () => {
  const config = loadConfig({ ROOMFUL_ALLOWED_ORIGINS: "https://app.example", ROOMFUL_ALLOW_CREDENTIALS: "true" });

  expect(config.http.allowCredentials).toBe(true);
});
