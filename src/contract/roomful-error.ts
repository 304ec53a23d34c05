import { ERROR_CODES, type ErrorCode } from "./error-codes";

/** The part of an error that leaves the process: in acknowledgements, in `connect_error`'s data, in `closing`. */
export interface ErrorReply {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  /** Wait this long before the same call. Set for every retryable refusal of a send. */
  retryAfterMs?: number;
  /** What exactly was wrong; for PAYLOAD_INVALID a list of `{ path, problem }`. Never holds what the client sent. */
  details?: unknown;
}

export interface RoomfulErrorOptions {
  cause?: unknown;
  retryAfterMs?: number;
  details?: unknown;
}

/** An expected failure with a public code. Anything else that is thrown is a bug. */
export class RoomfulError extends Error {
  override readonly name = "RoomfulError";
  readonly retryAfterMs: number | undefined;
  readonly details: unknown;

  constructor(
    readonly code: ErrorCode,
    options: RoomfulErrorOptions = {},
  ) {
    super(ERROR_CODES[code].message, options);
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }

  toReply(): ErrorReply {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.retryAfterMs !== undefined && { retryAfterMs: Math.ceil(this.retryAfterMs) }),
      ...(this.details !== undefined && { details: this.details }),
    };
  }
}

/** Maps anything thrown to what a client may see; unknown errors become INTERNAL. */
export function toErrorReply(error: unknown): ErrorReply {
  return error instanceof RoomfulError
    ? error.toReply()
    : new RoomfulError("INTERNAL", { retryAfterMs: 1_000 }).toReply();
}
