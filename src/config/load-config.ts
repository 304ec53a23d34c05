import { createPublicKey } from "node:crypto";

import { findApiKeyFaults } from "./api-key";
import { ANY_AUDIENCE } from "./audience";
import { isBasePath } from "./base-path";
import { listOptions, type PartialConfig, type RoomfulConfig } from "./config";
import { normalizeListedOrigin } from "./origin";
import { parseRedisAddress } from "./redis-address";
import { isShortRsaKey, MIN_RSA_BITS } from "./rsa-key";

type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with the configuration, all of it at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly faults: readonly string[]) {
    super(["The configuration cannot be used:", ...faults.map((fault) => `  - ${fault}`)].join("\n"));
  }
}

const MIN_SECRET_BYTES = 32;

/**
 * Reads the configuration from environment variables; an empty one is an unset one.
 *
 * @throws ConfigError naming every variable at fault, with secrets masked.
 */
export function loadConfig(env: Environment): RoomfulConfig {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const { path, variable, option } of listOptions()) {
    const text = env[variable]?.trim();
    let value = option.default;
    if (text) {
      const result = option.schema.safeParse(text);
      if (result.success) {
        value = result.data;
      } else {
        faults.push(`${variable}=${option.isSecret ? "(hidden)" : text}: expected ${result.error.issues[0]?.message}`);
      }
    }
    setAt(values, path, value);
  }
  // Every option of the tree was set above, to its default or to what its schema made.
  const config = values as unknown as RoomfulConfig;
  faults.push(...findRelationFaults(config));
  if (faults.length > 0) {
    throw new ConfigError(faults);
  }
  return config;
}

/** The configuration of a program that embeds the service: defaults, and what it sets itself. */
export function createConfig(overrides: PartialConfig = {}): RoomfulConfig {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const { path, option } of listOptions()) {
    const given = path.reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], overrides);
    const min = option.zero === undefined ? 1 : 0;
    if (typeof given === "number" && !(Number.isInteger(given) && given >= min)) {
      faults.push(`${path.join(".")}=${given}: expected a whole number from ${min}`);
    }
    setAt(values, path, given ?? option.default);
  }
  // As in loadConfig: every option of the tree has a value.
  const config = values as unknown as RoomfulConfig;
  faults.push(...findRelationFaults(config));
  if (faults.length > 0) {
    throw new ConfigError(faults);
  }
  return config;
}

/** Variables that look like ours and mean nothing, a misspelt one for instance. */
export function findUnknownVariables(env: Environment): string[] {
  const known = new Set(listOptions().map(({ variable }) => variable));
  return Object.keys(env).filter((name) => name.startsWith("ROOMFUL_") && !known.has(name));
}

/** Faults that no single option shows: what must fit together, and what production refuses. */
function findRelationFaults(config: RoomfulConfig): string[] {
  const { jwt, database, mode, http, connections, emitBuffer, limits } = config;
  const faults: string[] = [];

  if (jwt.secret.length > 2) {
    faults.push("ROOMFUL_JWT_SECRET: at most two secrets at a time");
  }
  if (jwt.secret.some((secret) => Buffer.byteLength(secret) < MIN_SECRET_BYTES)) {
    faults.push(`ROOMFUL_JWT_SECRET: expected at least ${MIN_SECRET_BYTES} bytes each (openssl rand -base64 48)`);
  }
  const kinds = [
    ...(jwt.secret.length > 0 ? ["ROOMFUL_JWT_SECRET"] : []),
    ...(jwt.publicKey !== undefined ? ["ROOMFUL_JWT_PUBLIC_KEY"] : []),
    ...(jwt.jwksUrl !== undefined ? ["ROOMFUL_JWKS_URL"] : []),
  ];
  if (kinds.length > 1) {
    faults.push(`${kinds.join(" and ")}: set one of them, so that a key has one meaning`);
  }
  if (jwt.jwksUrl !== undefined && !isWebAddress(jwt.jwksUrl)) {
    faults.push(`ROOMFUL_JWKS_URL=${jwt.jwksUrl}: expected an address that begins with https:// or http://`);
  }
  if (jwt.publicKey !== undefined && !isPublicKey(jwt.publicKey)) {
    faults.push("ROOMFUL_JWT_PUBLIC_KEY=(hidden): expected a public key in PEM");
  } else if (jwt.publicKey !== undefined && isShortRsaKey(createPublicKey(jwt.publicKey))) {
    faults.push(`ROOMFUL_JWT_PUBLIC_KEY=(hidden): expected an RSA key of at least ${MIN_RSA_BITS} bits`);
  }
  if (http.basePath !== undefined && !isBasePath(http.basePath)) {
    faults.push(
      `ROOMFUL_BASE_PATH=${http.basePath}: expected a path such as /chat, without a slash at its end (letters, digits, . _ ~ and -); unset: none`,
    );
  }
  for (const origin of config.http.allowedOrigins.filter((each) => normalizeListedOrigin(each) === undefined)) {
    faults.push(
      `ROOMFUL_ALLOWED_ORIGINS=${origin}: expected origins such as https://chat.example or https://*.chat.example, with scheme and without path`,
    );
  }
  if (
    http.allowCredentials &&
    (http.allowedOrigins.length === 0 || http.allowedOrigins.some((each) => each.includes("*")))
  ) {
    faults.push("ROOMFUL_ALLOW_CREDENTIALS: expected ROOMFUL_ALLOWED_ORIGINS to name each origin, without *");
  }
  faults.push(...findApiKeyFaults(config.http.apiKeys));
  const wantsHmac = jwt.publicKey === undefined && jwt.jwksUrl === undefined;
  if (jwt.algorithms.some((algorithm) => algorithm.startsWith("HS") !== wantsHmac)) {
    faults.push(`ROOMFUL_JWT_ALGORITHMS: expected only ${wantsHmac ? "HS" : "RS, PS or ES"} algorithms with this key`);
  }
  if (emitBuffer.maxBytes > 0 && emitBuffer.maxBytes < limits.maxPageBytes) {
    faults.push(
      "ROOMFUL_EMIT_BUFFER_MAX_BYTES: expected at least ROOMFUL_LIMITS_MAX_PAGE_BYTES, or a page cuts its reader",
    );
  }
  if (connections.pingTimeoutMs >= connections.pingIntervalMs * 10) {
    faults.push("ROOMFUL_CONNECTIONS_PING_TIMEOUT_MS: expected less than ten heartbeats");
  }
  if (config.redis.url !== undefined && kinds.length === 0) {
    faults.push(
      "REDIS_URL: several nodes need one key: set ROOMFUL_JWT_SECRET, ROOMFUL_JWT_PUBLIC_KEY or ROOMFUL_JWKS_URL",
    );
  }
  if (config.redis.url !== undefined && database.url === undefined) {
    faults.push("REDIS_URL: several nodes need one Postgres: set DATABASE_URL");
  }
  if (config.redis.url !== undefined) {
    try {
      parseRedisAddress(config.redis.url);
    } catch (error) {
      faults.push(`REDIS_URL=(hidden): expected ${(error as Error).message}`);
    }
  }
  if (config.redis.prefix !== undefined && !/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/.test(config.redis.prefix)) {
    faults.push(
      `ROOMFUL_REDIS_PREFIX=${config.redis.prefix}: expected letters, digits, ".", "_", ":" and "-", at most 64 in all`,
    );
  }
  if (mode === "production") {
    if (kinds.length === 0) {
      faults.push(
        "ROOMFUL_JWT_SECRET: production needs it, or ROOMFUL_JWT_PUBLIC_KEY or ROOMFUL_JWKS_URL (a development secret is made only in development)",
      );
    }
    if (jwt.jwksUrl !== undefined && jwt.audience === undefined) {
      faults.push(
        "ROOMFUL_JWT_AUDIENCE: production with ROOMFUL_JWKS_URL needs it, or tokens that the provider signs for other apps " +
          `admit here too; set it to what your tokens name in \`aud\`, or to ${ANY_AUDIENCE} to admit them all`,
      );
    }
    if (config.http.developmentTokens === "on") {
      faults.push("ROOMFUL_HTTP_DEVELOPMENT_TOKENS: production must not hand out tokens; unset it");
    }
    if (database.url === undefined) {
      faults.push("DATABASE_URL: production needs a Postgres of its own; the embedded one is for development");
    }
  }
  return faults;
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isPublicKey(pem: string): boolean {
  try {
    createPublicKey(pem);
    // A public key is made of a private one too, which has no business here.
    return !pem.includes("PRIVATE KEY");
  } catch {
    // What is wrong with the key would show parts of it.
    return false;
  }
}

function setAt(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  tree[name] ??= {};
  // Only this function fills the tree: what stands above an option is an object.
  setAt(tree[name] as Record<string, unknown>, rest, value);
}
