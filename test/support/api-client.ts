import { createConfig } from "../../src";
import { type ApiRoute, createApiRoutes } from "../../src/contract/api-routes";
import { ERROR_CODES, type ErrorCode } from "../../src/contract/error-codes";

export interface ApiResponse<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface ApiRequest {
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Buffer;
  headers?: Record<string, string>;
  /** null: none. */
  key?: string | null;
}

const ROUTES: ApiRoute[] = Object.values(createApiRoutes(createConfig().limits));

/** Calls the API over HTTP and holds every answer against its route's schema, or against the catalogue of errors. */
export async function callApi<Body = Record<string, unknown>>(
  { url, apiKey }: { url: string; apiKey?: string },
  method: string,
  path: string,
  { body, raw, headers = {}, key = apiKey ?? null }: ApiRequest = {},
): Promise<ApiResponse<Body>> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(payload !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(payload !== undefined && { body: payload }),
  });
  const text = await response.text();
  const answer = JSON.parse(text) as Body;
  if (response.ok) {
    const route = ROUTES.find((each) => each.method === method && isPathOf(each, path));
    route?.answer.parse(answer);
    if (route && route.status !== response.status) {
      throw new Error(`${method} ${path} answers ${response.status} in place of ${route.status}`);
    }
  } else {
    checkProblem(response, answer);
  }
  return { status: response.status, headers: response.headers, body: answer };
}

function isPathOf({ path }: ApiRoute, called: string): boolean {
  const pattern = path.replaceAll(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${pattern}$`).test(called.split("?")[0] ?? "");
}

/** Throws unless it is a problem of the catalogue, with its own status, and with a time to wait where it may be repeated. */
export function checkProblem(response: Response, body: unknown): ErrorCode {
  const problem = body as { code: ErrorCode; status: number; message: string; title: string; retryAfterMs?: number };
  const known = ERROR_CODES[problem.code];
  const isWaitTold = !known?.retryable || (problem.retryAfterMs !== undefined && response.headers.has("retry-after"));
  const isWhole =
    known?.httpStatus === response.status &&
    problem.status === response.status &&
    problem.message === known.message &&
    problem.title === known.message &&
    response.headers.get("content-type")?.startsWith("application/problem+json") === true;
  if (!isWhole || !isWaitTold) {
    throw new Error(`no problem of the catalogue: ${response.status} ${JSON.stringify(body)}`);
  }
  return problem.code;
}
