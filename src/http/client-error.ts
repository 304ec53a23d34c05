import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { RoomfulError } from "../contract/roomful-error";
import { problemOf } from "./problem";

const TIMEOUT_RETRY_MS = 1_000;

/** Answers what never became a request: it was no HTTP, had too many headers, or did not arrive in time. */
export function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  const answering = answerOn(socket);
  if (answering?.req.complete) {
    // What is wrong came behind a whole request. Its own answer goes first: this one would be taken for it.
    answering.once("close", () => socket.destroy());
    return;
  }
  if (error.code === "ECONNRESET" || !socket.writable || answering?.headersSent) {
    // Nobody is there to be told, or was told already.
    socket.destroy();
    return;
  }
  const { status, headers, body } = problemOf(refusalOf(error.code));
  const text = JSON.stringify(body);
  const head = Object.entries({ ...headers, "content-length": String(Buffer.byteLength(text)), connection: "close" });
  socket.end(
    [`HTTP/1.1 ${status} Refused`, ...head.map(([name, value]) => `${name}: ${value}`), "", text].join("\r\n"),
    // A client that goes on sending would keep the connection half open.
    () => socket.destroy(),
  );
}

/** Answers a request that expects something of the server that HTTP does not know, which Node would refuse without a word. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const details = [{ path: "Expect", problem: "is not 100-continue" }];
  const { status, headers, body } = problemOf(new RoomfulError("PAYLOAD_INVALID", { details }));
  const text = JSON.stringify(body);
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(text), connection: "close" }).end(text);
}

/** The answer that is on its way, of a request that may not be there yet. Node has no public name for it. */
function answerOn(socket: Duplex): ServerResponse | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}

function refusalOf(code: string | undefined): RoomfulError {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new RoomfulError("REQUEST_TIMEOUT", { retryAfterMs: TIMEOUT_RETRY_MS });
  }
  return new RoomfulError(code === "HPE_HEADER_OVERFLOW" ? "PAYLOAD_TOO_LARGE" : "PAYLOAD_INVALID");
}
