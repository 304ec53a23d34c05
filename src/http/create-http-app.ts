import fastify, { type FastifyInstance, type FastifyReply } from "fastify";

import { ERROR_CODES } from "../contract/error-codes";
import { RoomfulError } from "../contract/roomful-error";
import type { Logger } from "../observability/logger";

/** Bodies of our few routes are small; a larger one is answered with 413. */
const MAX_BODY_BYTES = 16_384;

/**
 * The HTTP side of the port that Socket.IO listens on too. Timeouts are short, because a
 * connection that sends its request a byte a second otherwise stays for minutes; a websocket
 * is outside of them once it is open.
 */
export function createHttpApp(logger: Logger): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    // What goes wrong before there is a route: an address that cannot be decoded, for instance.
    frameworkErrors: (error, _request, reply) => answerError(error, _request, reply),
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 8_192 },
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(() => {
    throw new RoomfulError("NOT_FOUND");
  });
  return app;

  function answerError(error: Error & { statusCode?: number }, _request: unknown, reply: FastifyReply): FastifyReply {
    const refusal = asRefusal(error);
    if (refusal.code === "INTERNAL") {
      logger.error({ err: error }, "an HTTP route failed");
    }
    const { httpStatus: status } = ERROR_CODES[refusal.code];
    // Problem details, RFC 9457, with the members that our errors have everywhere.
    return reply
      .status(status)
      .type("application/problem+json")
      .send({ type: "about:blank", title: refusal.message, status, ...refusal.toReply() });
  }
}

/** What fastify itself refuses, in our words. */
function asRefusal(error: Error & { statusCode?: number }): RoomfulError {
  if (error instanceof RoomfulError) {
    return error;
  }
  if (error.statusCode === ERROR_CODES.PAYLOAD_TOO_LARGE.httpStatus) {
    return new RoomfulError("PAYLOAD_TOO_LARGE");
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return new RoomfulError("PAYLOAD_INVALID");
  }
  return new RoomfulError("INTERNAL", { cause: error });
}
