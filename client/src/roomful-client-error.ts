import type { ErrorCode } from "../../src/contract/error-codes";
import type { ErrorReply } from "../../src/contract/roomful-error";

/**
 * The catalogue's codes, and two of the client's own: CLOSED (the client was closed, or the room left, before an
 * answer came), NO_ANSWER (there is no connection, or nothing came back over it).
 */
export type ClientErrorCode = ErrorCode | "CLOSED" | "NO_ANSWER";

/** What an error is made of: the server's reply, or what the client says in its place. */
export interface ClientErrorReply extends Omit<ErrorReply, "code" | "retryAfterMs"> {
  code: ClientErrorCode;
  retryAfterMs?: number | undefined;
}

export const NO_ANSWER: ClientErrorReply = {
  code: "NO_ANSWER",
  message: "The server does not answer.",
  retryable: true,
};

/** Why a call failed. */
export class RoomfulClientError extends Error {
  override readonly name = "RoomfulClientError";
  declare readonly code: ClientErrorCode;
  /** The same call may succeed later. */
  declare readonly retryable: boolean;
  declare readonly retryAfterMs: number | undefined;
  declare readonly details: unknown;

  constructor(
    reply: ClientErrorReply,
    /**
     * Of a send: a try of it had no answer, so that it may be stored all the same. false: it is not stored
     * (for IDEMPOTENCY_CONFLICT: its id is, with other content).
     */
    readonly mayBeStored = false,
  ) {
    super();
    Object.assign(this, reply);
  }
}
