import fastify, { type FastifyInstance, type FastifyReply } from "fastify";

import { RoomfulError } from "../contract/roomful-error";
import type { Logger } from "../observability/logger";
import { answerClientError, answerExpectation } from "./client-error";
import { asRefusal, problemOf } from "./problem";
import { createWebsocketRequest } from "./websocket-request";

/** Clients that have their answer, or have not read what the kernel took of it, hold a descriptor this long. */
const KEEP_ALIVE_MS = 10_000;
/** Longer than load balancers keep an idle connection: one that ends while they send on it is an error to their client. */
const KEEP_ALIVE_FOR_PROXIES_MS = 72_000;
/** Bodies of our few own routes are small; a larger one is answered with 413. */
const MAX_BODY_BYTES = 16_384;
/** A user's id of 128 characters, each of four bytes, as an address writes it. */
const MAX_PARAM_LENGTH = 1_536;

export interface HttpAppOptions {
  /** Of a request, its first line included. */
  maxHeaderBytes: number;
  /** Below which Socket.IO stands, among others. */
  basePath?: string | undefined;
  /** Connections are a proxy's, which keeps them for other clients. */
  trustProxy: boolean;
}

/**
 * The HTTP side of the port that Socket.IO listens on too. Timeouts are short, because a
 * connection that sends its request a byte a second otherwise stays for minutes; a websocket
 * is outside of them once it is open.
 */
export function createHttpApp(logger: Logger, options: HttpAppOptions): FastifyInstance {
  const { maxHeaderBytes, basePath = "", trustProxy } = options;
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 10_000,
    keepAliveTimeout: trustProxy ? KEEP_ALIVE_FOR_PROXIES_MS : KEEP_ALIVE_MS,
    forceCloseConnections: true,
    // What comes while the port closes is answered by the routes themselves: with DRAINING, where it matters.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // What goes wrong before there is a route: an address that cannot be decoded, for instance.
    frameworkErrors: (error, _request, reply) => answerError(error, _request, reply),
    clientErrorHandler: answerClientError,
    // A request without a host is refused below: Node would do so without a word.
    http: {
      ...{ headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: maxHeaderBytes },
      ...{ requireHostHeader: false, IncomingMessage: createWebsocketRequest(`${basePath}/socket.io/`) },
    },
  });
  app.addHook("onRequest", async ({ headers: { host }, raw: { httpVersion } }) => {
    if (host === undefined && httpVersion === "1.1") {
      throw new RoomfulError("PAYLOAD_INVALID", { details: [{ path: "Host", problem: "is missing" }] });
    }
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(() => {
    throw new RoomfulError("NOT_FOUND");
  });
  app.server.on("checkExpectation", answerExpectation);
  takeOnlyJson(app);
  return app;

  function answerError(error: Error & { statusCode?: number }, _request: unknown, reply: FastifyReply): FastifyReply {
    const refusal = asRefusal(error);
    if (refusal.code === "INTERNAL") {
      logger.error({ err: error }, "an HTTP route failed");
    }
    const { status, headers, body } = problemOf(refusal);
    return reply.status(status).headers(headers).send(body);
  }
}

/** Bodies are JSON in UTF-8. Bytes that are none would otherwise become characters that nobody has sent. */
function takeOnlyJson(app: FastifyInstance): void {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  // Keys that change prototypes; `constructor` is a word like others, and our schemas take own members only.
  const parse = app.getDefaultJsonParser("error", "ignore");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => {
    let text: string;
    try {
      text = utf8.decode(body as Buffer);
    } catch {
      // Without the bytes in question.
      done(new RoomfulError("PAYLOAD_INVALID", { details: [{ path: "", problem: "is not UTF-8" }] }));
      return;
    }
    return parse(request, text, done);
  });
}
