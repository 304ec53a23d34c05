import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { type Jwt, type Algorithm as JwtAlgorithm, TokenExpiredError, verify } from "jsonwebtoken";
import { z } from "zod";

import type { Algorithm, RoomfulConfig } from "../config/config";
import { COLOR_PATTERN } from "../contract/names";
import { RoomfulError } from "../contract/roomful-error";
import type { TokenClaims } from "../contract/socket-data";
import { isCarriable } from "../contract/text";
import type { Clock } from "../lifecycle/clock";
import { colorOfUser } from "./user-color";

export interface TokenVerifierOptions {
  config: Pick<RoomfulConfig["jwt"], "publicKey" | "algorithms" | "issuer" | "audience" | "leewayMs">;
  /** New one first, where two are in use while they are exchanged. */
  secrets: readonly string[];
  clock: Pick<Clock, "now">;
}

/** Judges tokens. Asynchronous callers are ready for keys that have to be fetched. */
export interface TokenVerifier {
  /** Throws TOKEN_MISSING, TOKEN_EXPIRED, or TOKEN_INVALID for every other reason. */
  verify(token: unknown): TokenClaims;
}

const MAX_TOKEN_BYTES = 4_096;

const text = (max: number) => z.string().min(1).max(max).refine(isCarriable);
const claimsSchema = z.object({
  sub: text(128),
  exp: z.number().positive().max(8.64e12),
  iat: z.number().optional(),
  username: text(64).optional(),
  name: text(64).optional(),
  color: z.string().regex(COLOR_PATTERN).optional(),
  rooms: z.array(z.string().max(128)).max(200).optional(),
  namespaces: z.array(z.string().max(128)).max(50).optional(),
  scope: z.union([z.string(), z.array(z.string())]).optional(),
});

/** Makes the verifier of the configured keys, each parsed once: a secret given as text costs 0.4 ms a handshake. */
export function createTokenVerifier({ config, secrets, clock }: TokenVerifierOptions): TokenVerifier {
  const keys = config.publicKey
    ? [createPublicKey(config.publicKey)]
    : secrets.map((secret) => createSecretKey(Buffer.from(secret)));
  const algorithms = algorithmsFor(keys[0], config.algorithms);

  function verifyWith(key: KeyObject, token: string): Jwt {
    return verify(token, key, {
      algorithms,
      complete: true,
      clockTimestamp: clock.now() / 1000,
      clockTolerance: config.leewayMs / 1000,
      ...(config.issuer !== undefined && { issuer: config.issuer }),
      ...(config.audience !== undefined && { audience: config.audience }),
    });
  }

  function verifyWithAny(token: string): Jwt {
    let failure: unknown;
    for (const key of keys) {
      try {
        return verifyWith(key, token);
      } catch (error) {
        if (error instanceof TokenExpiredError) {
          throw error;
        }
        failure = error;
      }
    }
    throw failure;
  }

  return {
    verify(token) {
      if (token === undefined || token === null || token === "") {
        throw new RoomfulError("TOKEN_MISSING");
      }
      try {
        if (typeof token !== "string" || token.length > MAX_TOKEN_BYTES) {
          throw new Error("the token is no text, or too long");
        }
        const { header, payload } = verifyWithAny(token);
        if ("crit" in header) {
          throw new Error("the token demands something that is not known here");
        }
        return toClaims(claimsSchema.parse(payload));
      } catch (cause) {
        throw new RoomfulError(cause instanceof TokenExpiredError ? "TOKEN_EXPIRED" : "TOKEN_INVALID", { cause });
      }
    },
  };
}

function toClaims(claims: z.output<typeof claimsSchema>): TokenClaims {
  const { sub, exp, iat, username, name, color, rooms, namespaces, scope } = claims;
  const scopes = typeof scope === "string" ? scope.split(" ") : scope;
  return {
    userId: sub,
    username: username ?? name ?? sub.slice(0, 64),
    color: color ?? colorOfUser(sub),
    expiresAt: exp * 1000,
    issuedAt: iat === undefined ? undefined : iat * 1000,
    rooms,
    namespaces,
    maySend: scopes?.includes("send") ?? true,
  };
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
