import type { IncomingMessage } from "node:http";

import type { RoomfulConfig } from "../config/config";
import { normalizeListedOrigin, normalizeOrigin } from "../config/origin";

export interface OriginOptions {
  allowedOrigins: readonly string[];
  mode: RoomfulConfig["mode"];
}

/**
 * Says whether a page of the request's origin may connect. CORS does not protect websockets.
 * No Origin is no browser: the token alone counts, and it is in no cookie.
 */
export function createOriginCheck({ allowedOrigins, mode }: OriginOptions): (request: IncomingMessage) => boolean {
  const isListed = createList(allowedOrigins);
  return ({ headers: { origin, host } }) => {
    if (origin === undefined) {
      return true;
    }
    const isOwn = host !== undefined && isOfHost(origin, host);
    if (allowedOrigins.length > 0) {
      // In development the service has a page of its own, which no list need name.
      return isListed(origin) || (mode !== "production" && isOwn);
    }
    return mode !== "production" || isOwn;
  };
}

/** Socket.IO's CORS option, which lets pages of other origins read what polling answers. */
export function corsOf({ allowedOrigins, mode }: OriginOptions): { origin: boolean | AllowsOrigin } {
  if (allowedOrigins.length === 0) {
    return { origin: mode !== "production" };
  }
  const isListed = createList(allowedOrigins);
  return { origin: (origin, callback) => callback(null, origin !== undefined && isListed(origin)) };
}

type AllowsOrigin = (origin: string | undefined, callback: (error: null, isAllowed: boolean) => void) => void;

function createList(allowedOrigins: readonly string[]): (origin: string) => boolean {
  // The configuration refuses what is no origin.
  const listed = allowedOrigins.flatMap((each) => normalizeListedOrigin(each) ?? []);
  const exact = new Set(listed.filter((each) => !each.includes("*")));
  const below = listed.filter((each) => each.includes("*")).map((each) => each.split("*") as [string, string]);

  return (text) => {
    const origin = normalizeOrigin(text);
    return (
      origin !== undefined &&
      (exact.has(origin) ||
        below.some(
          ([scheme, name]) =>
            origin.startsWith(scheme) && origin.endsWith(name) && origin.length > scheme.length + name.length,
        ))
    );
  };
}

/** The port that the scheme means anyway may stand in one of them and not in the other: proxies write it into `Host`. */
function isOfHost(text: string, host: string): boolean {
  const origin = normalizeOrigin(text);
  const [scheme] = origin?.split("://") ?? [];
  return origin !== undefined && scheme !== undefined && origin === normalizeOrigin(`${scheme}://${host}`);
}
