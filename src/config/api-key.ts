import { createHash } from "node:crypto";

import { API_SCOPES, type ApiScope } from "../contract/api-routes";

/** One key of the HTTP API, as the configuration names it. */
export interface ApiKey {
  /** Several keys may share one, while they are exchanged: to idempotency and rates they are one caller. */
  name: string;
  /** SHA-256 of the key. */
  hash: Buffer;
  scopes: readonly ApiScope[];
  /** Patterns; undefined: all rooms, and what is about no room. */
  rooms: readonly string[] | undefined;
}

/** As long as 24 random bytes in base64. Hashes of shorter keys could be tried out. */
const MIN_KEY_LENGTH = 32;
const KEY_PATTERN = /^[A-Za-z0-9._~+/=-]{32,256}$/;
const HASH_PATTERN = /^sha256=([0-9a-f]{64})$/;
const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const ROOM_PATTERN = /^[A-Za-z0-9._:*-]{1,128}$/;

/**
 * Reads an entry of `ROOMFUL_API_KEYS`: `KEY`, or `NAME:KEY[:SCOPES[:ROOMS]]`.
 *
 * In place of KEY may stand `sha256=` and its hash, so that the environment holds no secret. SCOPES are joined by `+`,
 * `*` being all; ROOMS, patterns of names, by `|`.
 *
 * @throws Error that says what was expected, and shows nothing of the entry.
 */
export function parseApiKey(entry: string): ApiKey {
  const parts = entry.split(":");
  const [name, secret = "", scopes = "*"] = parts.length === 1 ? [undefined, entry] : parts;
  // Names of rooms hold colons too.
  const rooms = parts.length > 3 ? parts.slice(3).join(":").split("|") : undefined;
  const hash = hashOf(secret);
  if (name !== undefined && !NAME_PATTERN.test(name)) {
    throw new Error("a name of letters, digits, _ and -");
  }
  if (rooms?.some((pattern) => !ROOM_PATTERN.test(pattern))) {
    throw new Error("patterns of rooms, joined by |, such as chat-*|news");
  }
  return {
    name: name ?? `key-${hash.toString("hex").slice(0, 8)}`,
    hash,
    scopes: scopes === "*" ? API_SCOPES : scopes.split("+").map(scopeOf),
    // A key of all rooms is one that may also do what is about no room.
    rooms: rooms?.includes("*") ? undefined : rooms,
  };
}

/** What is wrong with the entries, without anything of them but their places. */
export function findApiKeyFaults(entries: readonly string[]): string[] {
  const hashes = new Set<string>();
  return entries.flatMap((entry, index) => {
    try {
      const hash = parseApiKey(entry).hash.toString("hex");
      const isAgain = hashes.has(hash);
      hashes.add(hash);
      return isAgain ? [`ROOMFUL_API_KEYS, entry ${index + 1}=(hidden): the same key stands there twice`] : [];
    } catch (error) {
      return [`ROOMFUL_API_KEYS, entry ${index + 1}=(hidden): expected ${(error as Error).message}`];
    }
  });
}

function hashOf(secret: string): Buffer {
  const [, hex] = HASH_PATTERN.exec(secret) ?? [];
  if (hex !== undefined) {
    return Buffer.from(hex, "hex");
  }
  if (!KEY_PATTERN.test(secret) || secret.startsWith("sha256=")) {
    throw new Error(
      `a key of at least ${MIN_KEY_LENGTH} letters and digits, or sha256= and its hash (see roomful key)`,
    );
  }
  return createHash("sha256").update(secret).digest();
}

function scopeOf(text: string): ApiScope {
  const scope = API_SCOPES.find((each) => each === text);
  if (!scope) {
    throw new Error(`scopes, joined by +, of ${API_SCOPES.join(", ")}; or * for all`);
  }
  return scope;
}
