import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { decode, type Algorithm as JwtAlgorithm, TokenExpiredError, verify } from "jsonwebtoken";

import { requiredAudience } from "../config/audience";
import type { Algorithm, RoomfulConfig } from "../config/config";
import { RoomfulError } from "../contract/roomful-error";
import type { TokenClaims } from "../contract/socket-data";
import type { Clock } from "../lifecycle/clock";
import type { JwksKeys } from "./jwks-keys";
import { toClaims } from "./token-claims";

/** Judges tokens; where keys have to be fetched, it takes a while. */
export interface TokenVerifier {
  /** Throws TOKEN_MISSING, TOKEN_EXPIRED, or TOKEN_INVALID for every other reason; UNAVAILABLE where keys cannot be had. */
  verify(token: unknown): TokenClaims | Promise<TokenClaims>;
}

type JwtConfig = Pick<
  RoomfulConfig["jwt"],
  "publicKey" | "algorithms" | "issuer" | "audience" | "leewayMs" | "maxLifetimeMs"
>;

export interface TokenVerifierOptions {
  config: JwtConfig;
  /** New one first, where two are in use while they are exchanged. */
  secrets: readonly string[];
  clock: Pick<Clock, "now">;
}

export interface JwksTokenVerifierOptions {
  config: JwtConfig;
  keys: Pick<JwksKeys, "find">;
  clock: Pick<Clock, "now">;
}

const MAX_TOKEN_BYTES = 4_096;

/** No provider's is as long, and it is remembered for a while. */
const MAX_KID_LENGTH = 256;

/** Makes the verifier of the configured keys, each parsed once: a secret given as text costs 0.4 ms a handshake. */
export function createTokenVerifier({ config, secrets, clock }: TokenVerifierOptions): {
  verify(token: unknown): TokenClaims;
} {
  const keys = config.publicKey
    ? [createPublicKey(config.publicKey)]
    : secrets.map((secret) => createSecretKey(Buffer.from(secret)));
  const algorithms = algorithmsFor(keys[0], config.algorithms);

  function claimsOf(token: string): TokenClaims {
    let failure: unknown;
    for (const key of keys) {
      try {
        return judge(token, key, algorithms, config, clock);
      } catch (error) {
        // Both are said of a token that this key has signed.
        if (error instanceof TokenExpiredError || error instanceof RoomfulError) {
          throw error;
        }
        failure = error;
      }
    }
    throw failure;
  }

  return {
    verify(token) {
      const text = textOf(token);
      try {
        return claimsOf(text);
      } catch (cause) {
        throw toRefusal(cause);
      }
    },
  };
}

/** Makes the verifier of keys that are fetched; a token names its key in `kid`. */
export function createJwksTokenVerifier({ config, keys, clock }: JwksTokenVerifierOptions): TokenVerifier {
  const algorithms: JwtAlgorithm[] = config.algorithms.length > 0 ? [...config.algorithms] : ["RS256"];

  async function claimsOf(token: string): Promise<TokenClaims> {
    const header = decode(token, { complete: true })?.header;
    // Before anything is fetched: what names no key of ours is not worth a request.
    const { kid } = header ?? {};
    const namesKey = typeof kid === "string" && kid !== "" && kid.length <= MAX_KID_LENGTH;
    if (!namesKey || !algorithms.includes(header?.alg as JwtAlgorithm)) {
      throw new Error("the token names no key, or an algorithm that is not accepted");
    }
    const key = await keys.find(kid);
    if (!key) {
      throw new Error("there is no such key");
    }
    return judge(token, key, algorithms, config, clock);
  }

  return {
    async verify(token) {
      const text = textOf(token);
      try {
        return await claimsOf(text);
      } catch (cause) {
        throw toRefusal(cause);
      }
    },
  };
}

/** Throws unless the token is one that could be signed. */
function textOf(token: unknown): string {
  if (token === undefined || token === null || token === "") {
    throw new RoomfulError("TOKEN_MISSING");
  }
  if (typeof token !== "string" || token.length > MAX_TOKEN_BYTES) {
    throw new RoomfulError("TOKEN_INVALID");
  }
  return token;
}

function toRefusal(cause: unknown): RoomfulError {
  if (cause instanceof RoomfulError) {
    return cause;
  }
  return new RoomfulError(cause instanceof TokenExpiredError ? "TOKEN_EXPIRED" : "TOKEN_INVALID", { cause });
}

function judge(
  token: string,
  key: KeyObject,
  algorithms: JwtAlgorithm[],
  config: JwtConfig,
  clock: Pick<Clock, "now">,
): TokenClaims {
  const audience = requiredAudience(config);
  const { header, payload } = verify(token, key, {
    algorithms,
    complete: true,
    clockTimestamp: clock.now() / 1000,
    clockTolerance: config.leewayMs / 1000,
    ...(config.issuer !== undefined && { issuer: config.issuer }),
    ...(audience !== undefined && { audience }),
  });
  if ("crit" in header) {
    throw new Error("the token demands something that is not known here");
  }
  return toClaims(payload, config, clock.now());
}

/** What a key is used with when nothing is configured. A token never chooses. */
function algorithmsFor(key: KeyObject | undefined, configured: readonly Algorithm[]): JwtAlgorithm[] {
  if (configured.length > 0) {
    return [...configured];
  }
  if (key?.type === "secret" || !key) {
    return ["HS256"];
  }
  if (key.asymmetricKeyType === "ec") {
    const byCurve: Record<string, JwtAlgorithm> = { prime256v1: "ES256", secp384r1: "ES384", secp521r1: "ES512" };
    return [byCurve[key.asymmetricKeyDetails?.namedCurve ?? ""] ?? "ES256"];
  }
  return key.asymmetricKeyType === "rsa-pss" ? ["PS256"] : ["RS256"];
}
