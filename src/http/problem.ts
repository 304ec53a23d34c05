import { ERROR_CODES } from "../contract/error-codes";
import { RoomfulError } from "../contract/roomful-error";

/** A refusal as it leaves: problem details (RFC 9457), with the members that our errors have everywhere. */
export interface Problem {
  status: number;
  headers: Record<string, string>;
  body: object;
}

const INTERNAL_RETRY_MS = 1_000;
const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

export function problemOf(refusal: RoomfulError): Problem {
  const { httpStatus: status } = ERROR_CODES[refusal.code];
  const reply = refusal.toReply();
  return {
    status,
    headers: {
      "content-type": PROBLEM_TYPE,
      // In seconds, and never early: the exact time is in the body.
      ...(reply.retryAfterMs !== undefined && { "retry-after": String(Math.ceil(reply.retryAfterMs / 1_000)) }),
      ...(refusal.code === "API_KEY_INVALID" && { "www-authenticate": "Bearer" }),
    },
    body: { type: "about:blank", title: refusal.message, status, ...reply },
  };
}

/** What fastify itself refuses, in our words; anything else that is thrown is a bug. */
export function asRefusal(error: Error & { statusCode?: number }): RoomfulError {
  if (error instanceof RoomfulError) {
    return error;
  }
  const { statusCode = 500 } = error;
  if (statusCode === ERROR_CODES.PAYLOAD_TOO_LARGE.httpStatus) {
    return new RoomfulError("PAYLOAD_TOO_LARGE");
  }
  if (statusCode === ERROR_CODES.CONTENT_TYPE_UNSUPPORTED.httpStatus) {
    return new RoomfulError("CONTENT_TYPE_UNSUPPORTED");
  }
  if (statusCode >= 400 && statusCode < 500) {
    return new RoomfulError("PAYLOAD_INVALID");
  }
  return new RoomfulError("INTERNAL", { cause: error, retryAfterMs: INTERNAL_RETRY_MS });
}
