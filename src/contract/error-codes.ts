/**
 * Every error a client can receive: the text it may see, whether the same call may succeed
 * later, and the status that the HTTP API answers with.
 *
 * Codes are part of the public contract: add new ones, never rename, reuse or redefine one.
 */
export const ERROR_CODES = {
  TOKEN_MISSING: { message: "No token in the handshake's auth.token.", retryable: false, httpStatus: 401 },
  TOKEN_INVALID: {
    message: "The token is malformed, badly signed or not meant for here.",
    retryable: false,
    httpStatus: 401,
  },
  TOKEN_EXPIRED: { message: "The token has expired.", retryable: false, httpStatus: 401 },
  ORIGIN_REFUSED: { message: "Pages of this origin may not connect.", retryable: false, httpStatus: 403 },
  TRANSPORT_REFUSED: {
    message: "The service does not take this transport; details name those that it takes.",
    retryable: false,
    httpStatus: 400,
  },
  HOST_REFUSED: { message: "The service may not be called by this name.", retryable: false, httpStatus: 403 },
  NAMESPACE_UNKNOWN: { message: "There is no such namespace.", retryable: false, httpStatus: 404 },
  NAMESPACE_FORBIDDEN: { message: "The token does not admit to this namespace.", retryable: false, httpStatus: 403 },
  TOO_MANY_CONNECTIONS: { message: "Too many connections are open.", retryable: true, httpStatus: 429 },
  HANDSHAKE_TIMEOUT: { message: "No namespace was joined in time.", retryable: true, httpStatus: 408 },

  EVENT_UNKNOWN: { message: "There is no such event.", retryable: false, httpStatus: 404 },
  PAYLOAD_INVALID: { message: "The payload does not match the event's schema.", retryable: false, httpStatus: 400 },
  PAYLOAD_TOO_LARGE: { message: "The payload is larger than allowed.", retryable: false, httpStatus: 413 },

  ROOM_FORBIDDEN: { message: "There is no such room for this user.", retryable: false, httpStatus: 403 },
  NOT_IN_ROOM: { message: "Join the room first.", retryable: false, httpStatus: 409 },
  TOO_MANY_ROOMS: { message: "The socket is in as many rooms as it may be.", retryable: false, httpStatus: 409 },
  SEND_FORBIDDEN: { message: "The token does not allow sending.", retryable: false, httpStatus: 403 },

  RATE_LIMITED: { message: "Too many calls in a short time.", retryable: true, httpStatus: 429 },
  OVERLOADED: { message: "The server cannot take more messages now.", retryable: true, httpStatus: 503 },
  DRAINING: { message: "This node is shutting down.", retryable: true, httpStatus: 503 },
  UNAVAILABLE: { message: "What this call needs is out of reach now.", retryable: true, httpStatus: 503 },

  IDEMPOTENCY_CONFLICT: {
    message: "This id was used before, for other content or another room.",
    retryable: false,
    httpStatus: 409,
  },
  STORAGE_REJECTED: { message: "The message cannot be stored.", retryable: false, httpStatus: 422 },

  SLOW_CONSUMER: { message: "The connection did not take what was sent to it.", retryable: true, httpStatus: 503 },
  FLOODING: { message: "The connection sent more than a connection may.", retryable: true, httpStatus: 429 },
  REVOKED: { message: "Access was withdrawn.", retryable: false, httpStatus: 403 },
  DISCONNECTED: { message: "An administrator has ended the connection.", retryable: true, httpStatus: 503 },

  API_KEY_INVALID: { message: "The API key is missing or unknown.", retryable: false, httpStatus: 401 },
  SCOPE_MISSING: { message: "The API key does not have the scope this call needs.", retryable: false, httpStatus: 403 },
  NOT_FOUND: { message: "There is nothing here.", retryable: false, httpStatus: 404 },
  IDEMPOTENCY_IN_FLIGHT: {
    message: "A call with this idempotency key is still running.",
    retryable: true,
    httpStatus: 409,
  },
  CONTENT_TYPE_UNSUPPORTED: { message: "The body is not application/json.", retryable: false, httpStatus: 415 },
  REQUEST_TIMEOUT: { message: "The request did not arrive in time.", retryable: true, httpStatus: 408 },

  INTERNAL: { message: "Unexpected server error.", retryable: true, httpStatus: 500 },
} as const satisfies Record<string, { message: string; retryable: boolean; httpStatus: number }>;

/** A code of the published catalogue. */
export type ErrorCode = keyof typeof ERROR_CODES;
