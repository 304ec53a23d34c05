import { z } from "zod";

import type { RoomfulConfig } from "../config/config";
import { COLOR_PATTERN } from "../contract/names";
import { RoomfulError } from "../contract/roomful-error";
import type { TokenClaims } from "../contract/socket-data";
import { isCarriable } from "../contract/text";
import { colorOfUser, nameWithin, usernameOf } from "./user-defaults";

/** Who somebody is and what they may do has to be right. How they are shown does not: a provider's odd name costs nobody the connection. */
const claimsSchema = z.object({
  sub: z.string().min(1).max(128).refine(isCarriable),
  exp: z.number().positive().max(8.64e12),
  iat: z.number().optional(),
  username: z.unknown().optional(),
  name: z.unknown().optional(),
  color: z.unknown().optional(),
  rooms: z.array(z.string().max(128)).max(200).optional(),
  namespaces: z.array(z.string().max(128)).max(50).optional(),
  scope: z.union([z.string(), z.array(z.string())]).optional(),
});

type TimeLimits = Pick<RoomfulConfig["jwt"], "leewayMs" | "maxLifetimeMs">;

/** What a token that was signed by the right key says. Throws where it says too little, or lives too long. */
export function toClaims(payload: unknown, limits: TimeLimits, nowMs: number): TokenClaims {
  const { sub, exp, iat, username, name, color, rooms, namespaces, scope } = claimsSchema.parse(payload);
  const issuedAt = iat === undefined ? undefined : iat * 1000;
  checkTimes(exp * 1000, issuedAt, limits, nowMs);
  const scopes = typeof scope === "string" ? scope.split(" ") : scope;
  return {
    userId: sub,
    username: nameIn(username) ?? nameIn(name) ?? usernameOf(sub),
    color: typeof color === "string" && COLOR_PATTERN.test(color) ? color : colorOfUser(sub),
    expiresAt: exp * 1000,
    issuedAt,
    rooms,
    namespaces,
    maySend: scopes?.includes("send") ?? true,
  };
}

/** What a person is called, cut to what fits; undefined: it is no name. */
function nameIn(claim: unknown): string | undefined {
  return typeof claim === "string" && claim.trim() !== "" && isCarriable(claim) ? nameWithin(claim) : undefined;
}

/** Withdrawing tokens must reach each of them: one of the future would come after every withdrawal, and one for ever would need it for ever. */
function checkTimes(
  expiresAt: number,
  issuedAt: number | undefined,
  { leewayMs, maxLifetimeMs }: TimeLimits,
  nowMs: number,
): void {
  if (issuedAt !== undefined && issuedAt > nowMs + leewayMs) {
    throw refusalOf("iat", "is in the future");
  }
  if (maxLifetimeMs > 0 && expiresAt - (issuedAt ?? nowMs) > maxLifetimeMs + leewayMs) {
    throw refusalOf("exp", "is further away than ROOMFUL_JWT_MAX_LIFETIME_MS allows");
  }
}

function refusalOf(path: string, problem: string): RoomfulError {
  return new RoomfulError("TOKEN_INVALID", { details: [{ path, problem }] });
}
