import { setTimeout as delay } from "node:timers/promises";

import { ERROR_CODES, type ErrorCode } from "../contract/error-codes";
import { RoomfulError } from "../contract/roomful-error";

export interface RequestOptions {
  url: URL;
  apiKey: string;
  /** Attempts in all. */
  maxAttempts: number;
  /** One attempt is given up after this. */
  timeoutMs: number;
  random: () => number;
}

export interface Request {
  path: string;
  body: object;
  idempotencyKey: string | undefined;
  signal: AbortSignal | undefined;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;
const MS_PER_SECOND = 1_000;
/** Answers of what stands between, a proxy for instance, after which the same call may succeed. */
const RETRYABLE_STATUSES = new Set([408, 425, 429]);

/**
 * Posts to the API until it is answered for good: again, as it was, when the answer says that the same call may succeed
 * later, and when there is no answer.
 *
 * @throws RoomfulError the refusal; after the last attempt also one that is retryable, or UNAVAILABLE when there was no
 *   answer: it is then not known whether it was done.
 * @throws the signal's reason when the signal ends it.
 */
export async function postRetrying(options: RequestOptions, request: Request): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await post(options, request);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (!(error instanceof RoomfulError) || !error.retryable || attempt >= options.maxAttempts) {
        throw error;
      }
      await pause(attempt, error.retryAfterMs, options.random, request.signal);
    }
  }
}

/** Waits before another attempt: doubling, with jitter, and at least for as long as the service asks. */
export async function pause(
  attempt: number,
  retryAfterMs: number | undefined,
  random: () => number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ceilingMs = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), MAX_DELAY_MS);
  const jitteredMs = ceilingMs * (0.5 + random() / 2);
  // All who were refused at one moment are told the same time.
  const waitMs = retryAfterMs === undefined ? jitteredMs : retryAfterMs + jitteredMs / 2;
  await delay(waitMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
}

async function post(options: RequestOptions, { path, body, idempotencyKey, signal }: Request): Promise<unknown> {
  const timeout = AbortSignal.timeout(options.timeoutMs);
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(new URL(path, options.url), {
      method: "POST",
      headers: {
        authorization: `Bearer ${options.apiKey}`,
        "content-type": "application/json",
        ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
      },
      body: JSON.stringify(body),
      // The key must not be carried to another place.
      redirect: "error",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    const text = await response.text();
    answer = isJson(response) ? JSON.parse(text) : undefined;
  } catch (cause) {
    throw new RoomfulError("UNAVAILABLE", { cause });
  }
  if (response.ok && answer !== undefined) {
    return answer;
  }
  throw refusalOf(response, answer);
}

function isJson(response: Response): boolean {
  return /^application\/(problem\+)?json\b/.test(response.headers.get("content-type") ?? "");
}

function refusalOf(response: Response, answer: unknown): RoomfulError {
  const { code, retryAfterMs, details } = (answer ?? {}) as Record<string, unknown>;
  const { status } = response;
  const header = Number(response.headers.get("retry-after") ?? Number.NaN) * MS_PER_SECOND;
  const waitMs = typeof retryAfterMs === "number" ? retryAfterMs : header;
  const wait = Number.isFinite(waitMs) && { retryAfterMs: waitMs };
  if (isErrorCode(code)) {
    return new RoomfulError(code, { ...wait, ...(details !== undefined && { details }) });
  }
  // Of a proxy, of a newer service, or of something else at this address.
  const cause = new Error(`the answer has status ${status} and is not understood`);
  const mayPass = response.ok || status >= 500 || RETRYABLE_STATUSES.has(status);
  return new RoomfulError(mayPass ? "UNAVAILABLE" : "NOT_FOUND", { ...wait, cause });
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERROR_CODES, code);
}
