import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";

const PREFLIGHT = {
  "access-control-allow-methods": "GET, POST, PUT, DELETE",
  "access-control-allow-headers": "authorization, content-type, idempotency-key",
  // Seconds; browsers take less.
  "access-control-max-age": "7200",
};
const RESPONSE_HEADERS = "idempotency-replayed, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after";

export interface ListedOrigins {
  isListed(request: IncomingMessage): boolean;
  /** Their pages may send cookies. */
  allowCredentials: boolean;
}

/**
 * Lets pages read what routes answer: those of the listed origins, as for sockets. In development, too: where none is
 * listed, any page may connect with a token, and none may read one at `/dev/token`.
 */
export function allowOrigins(app: FastifyInstance, { isListed, allowCredentials }: ListedOrigins): void {
  app.addHook("onRequest", async ({ raw, method, headers }, reply) => {
    const { origin } = headers;
    reply.header("vary", "Origin");
    if (origin === undefined || !isListed(raw)) {
      return;
    }
    reply.headers({
      "access-control-allow-origin": origin,
      "access-control-expose-headers": RESPONSE_HEADERS,
      ...(allowCredentials && { "access-control-allow-credentials": "true" }),
    });
    // A browser's question before the request itself.
    if (method === "OPTIONS" && headers["access-control-request-method"] !== undefined) {
      return reply.status(204).headers(PREFLIGHT).send();
    }
  });
}
