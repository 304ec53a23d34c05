import type { IncomingMessage } from "node:http";

import type { RoomfulConfig } from "../config/config";

export interface OriginOptions {
  allowedOrigins: readonly string[];
  mode: RoomfulConfig["mode"];
}

/**
 * Says whether a page of the request's origin may connect. CORS does not protect websockets.
 * No Origin is no browser: the token alone counts, and it is in no cookie.
 */
export function createOriginCheck({ allowedOrigins, mode }: OriginOptions): (request: IncomingMessage) => boolean {
  return ({ headers: { origin, host } }) => {
    if (origin === undefined) {
      return true;
    }
    if (allowedOrigins.length > 0) {
      return allowedOrigins.includes(origin);
    }
    return mode !== "production" || (host !== undefined && hostOf(origin) === host);
  };
}

/** Socket.IO's CORS option, which lets pages of other origins read what polling answers. */
export function corsOf({ allowedOrigins, mode }: OriginOptions): { origin: string[] | boolean } {
  return { origin: allowedOrigins.length > 0 ? [...allowedOrigins] : mode !== "production" };
}

function hostOf(origin: string): string | undefined {
  // `Origin: null` and other things that are no address have no host.
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
