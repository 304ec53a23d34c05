import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { ApiCaller } from "../../contract/api-caller";
import { type ApiOperation, type ApiRoute, createApiRoutes } from "../../contract/api-routes";
import type { PayloadLimits } from "../../contract/fields";
import { toPayloadError } from "../../contract/payload-error";
import { RoomfulError } from "../../contract/roomful-error";
import { createAdminHandlers } from "./admin-handlers";
import type { Answered, ApiCall, ApiHandlers } from "./api-call";
import type { ApiSources } from "./api-sources";
import { createPublishHandlers } from "./publish-handlers";
import { createReadHandlers } from "./read-handlers";

export interface ApiRoutesOptions {
  /** A call has its answer. */
  onAnswered(operation: ApiOperation, status: number): void;
  limits: PayloadLimits;
  sources: ApiSources;
  /** Throws API_KEY_INVALID. */
  callerOf(authorization: string | undefined): ApiCaller;
  /** undefined: there is no limit. `taken`: those that were taken for the same request before. */
  takeFromRate(
    caller: string,
    calls: number,
    taken: number,
  ): { limit: number; remaining: number; resetMs: number; waitMs?: number } | undefined;
}

/** The contents of a batch have 1 MiB, and what one route takes a part of it: content as JSON can be six times as long. */
const MAX_BATCH_BYTES = 1_048_576;
const MAX_BODY_BYTES = 524_288;
const DRAINING_RETRY_MS = 1_000;
const IDEMPOTENCY_KEY_PATTERN = /^[\x20-\x7e]{1,255}$/;

/** Sends which refuse by themselves while the node drains, where their key is not known. */
const SENDS: readonly ApiOperation[] = ["publishMessage", "batch"];

/** All routes under `/v1`: key and rate before the body is read, then the route's schemas, then what it does. */
export function addApiRoutes(app: FastifyInstance, options: ApiRoutesOptions): void {
  const { limits, sources } = options;
  const handlers: ApiHandlers = {
    ...createPublishHandlers(limits, sources),
    ...createReadHandlers(sources),
    ...createAdminHandlers(sources),
  };
  const callers = new WeakMap<FastifyRequest, ApiCaller>();

  for (const [name, route] of Object.entries(createApiRoutes(limits))) {
    // Written by its own keys.
    addRoute(name as ApiOperation, route);
  }

  function addRoute(operation: ApiOperation, route: ApiRoute): void {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
      bodyLimit: operation === "batch" ? MAX_BATCH_BYTES : MAX_BODY_BYTES,
      onRequest: async (request, reply) => {
        const caller = options.callerOf(request.headers.authorization);
        callers.set(request, caller);
        takeFromRate(caller, 1, reply);
        if (!caller.scopes.includes(route.scope)) {
          throw new RoomfulError("SCOPE_MISSING");
        }
        if (!SENDS.includes(operation) && sources.isDraining()) {
          throw new RoomfulError("DRAINING", { retryAfterMs: DRAINING_RETRY_MS });
        }
      },
      onResponse: async (_request, { statusCode }) => options.onAnswered(operation, statusCode),
      handler: async (request, reply) => {
        const input = {
          params: parse(route.params, request.params),
          query: parse(route.query, request.query),
          body: parse(route.body, request.body ?? undefined),
        };
        const call = callOf(request, input.query as { namespace: string });
        if (operation === "batch") {
          takeFromRate(call.caller, (input.body as { commands: unknown[] }).commands.length - 1, reply, 1);
        }
        // The route's schemas have made what its handler takes.
        const handle = handlers[operation] as unknown as (of: unknown, by: ApiCall) => Promise<Answered<unknown>>;
        const { answer, isReplayed } = await handle(input, call);
        if (isReplayed) {
          reply.header("idempotency-replayed", "true");
        }
        return reply.status(route.status).send(answer);
      },
    });
  }

  function callOf(request: FastifyRequest, { namespace: name }: { namespace: string }): ApiCall {
    const caller = callers.get(request);
    const namespace = sources.namespaces.get(name);
    if (!namespace) {
      throw new RoomfulError("NAMESPACE_UNKNOWN");
    }
    if (!caller) {
      throw new Error("a route of the API was reached without a key");
    }
    return { caller, namespace, idempotencyKey: idempotencyKeyOf(request.headers["idempotency-key"]) };
  }

  function takeFromRate(caller: ApiCaller, calls: number, reply: FastifyReply, taken = 0): void {
    const rate = options.takeFromRate(caller.name, calls, taken);
    if (!rate) {
      return;
    }
    reply.headers({
      "ratelimit-limit": rate.limit,
      "ratelimit-remaining": rate.remaining,
      "ratelimit-reset": Math.ceil(rate.resetMs / 1_000),
    });
    if (rate.waitMs !== undefined) {
      throw new RoomfulError("RATE_LIMITED", { retryAfterMs: rate.waitMs });
    }
  }
}

function parse(schema: ApiRoute["body"], value: unknown): unknown {
  const result = schema.safeParse(value);
  if (!result.success) {
    throw toPayloadError(result.error);
  }
  return result.data;
}

function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) {
    return undefined;
  }
  if (typeof header !== "string" || !IDEMPOTENCY_KEY_PATTERN.test(header)) {
    const problem = "is not 1 to 255 printable ASCII characters";
    throw new RoomfulError("PAYLOAD_INVALID", { details: [{ path: "Idempotency-Key", problem }] });
  }
  return header;
}
