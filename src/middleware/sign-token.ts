import { createSecretKey } from "node:crypto";
import { sign } from "jsonwebtoken";

import { requiredAudience } from "../config/audience";
import type { RoomfulConfig } from "../config/config";
import type { Clock } from "../lifecycle/clock";

/** What a token is to say; what is absent is not said. */
export interface TokenRequest {
  userId: string;
  username?: string;
  color?: string;
  rooms?: readonly string[];
  namespaces?: readonly string[];
  scope?: string;
  /** @default one hour */
  ttlMs?: number;
  issuer?: string;
  audience?: string;
  /** @default HS256 */
  algorithm?: "HS256" | "HS384" | "HS512";
}

/** What the tokens of a service must say to be taken by it. */
export function requirementsOf(
  jwt: Partial<Pick<RoomfulConfig["jwt"], "issuer" | "audience" | "algorithms">>,
): Partial<TokenRequest> {
  const { issuer, algorithms } = jwt;
  const audience = requiredAudience(jwt);
  const algorithm = algorithms?.find((each) => each === "HS256" || each === "HS384" || each === "HS512");
  return {
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
    ...(algorithm && { algorithm }),
  };
}

const HOUR_MS = 3_600_000;

/** Signs a token with a secret: for development, tests and the command line. */
export function signToken(secret: string, request: TokenRequest, clock: Pick<Clock, "now">): string {
  const { userId, username, color, rooms, namespaces, scope, ttlMs = HOUR_MS, issuer, audience } = request;
  const { algorithm = "HS256" } = request;
  const nowS = Math.floor(clock.now() / 1000);
  const claims = {
    sub: userId,
    iat: nowS,
    exp: nowS + Math.ceil(ttlMs / 1000),
    ...(username !== undefined && { username }),
    ...(color !== undefined && { color }),
    ...(rooms !== undefined && { rooms }),
    ...(namespaces !== undefined && { namespaces }),
    ...(scope !== undefined && { scope }),
    ...(issuer !== undefined && { iss: issuer }),
    ...(audience !== undefined && { aud: audience }),
  };
  return sign(claims, createSecretKey(Buffer.from(secret)), { algorithm });
}
