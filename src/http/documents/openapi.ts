import { z } from "zod";

import { createCommandSchema } from "../../contract/api-batch";
import { type ApiRoute, createApiRoutes } from "../../contract/api-routes";
import { ERROR_CODES, type ErrorCode } from "../../contract/error-codes";
import { problem } from "../../contract/event-schemas";
import type { PayloadLimits } from "../../contract/fields";
import { type JsonSchema, WireSchemas } from "./wire-schema";

/** Codes that any route can answer with. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  ...(["PAYLOAD_INVALID", "API_KEY_INVALID", "SCOPE_MISSING", "ROOM_FORBIDDEN", "NAMESPACE_UNKNOWN"] as const),
  ...(["REQUEST_TIMEOUT", "PAYLOAD_TOO_LARGE", "RATE_LIMITED", "DRAINING", "UNAVAILABLE", "INTERNAL"] as const),
];
/** Codes of calls that may bring a body, wanted or not. */
const BODY_ERRORS: readonly ErrorCode[] = ["CONTENT_TYPE_UNSUPPORTED"];

const DESCRIPTION = `Publish into Roomful's rooms from any language, read them, and say who may do what.

Errors are problem details (RFC 9457) with a code of the published catalogue; those that may pass carry \`Retry-After\` and, to the
millisecond, \`retryAfterMs\`. What was not answered has an unknown fate: send it again with the same \`Idempotency-Key\`.`;

/** The OpenAPI 3.1 document of the HTTP API, made of the schemas that the routes validate with. */
export function createOpenApi(limits: PayloadLimits, basePath = "/"): JsonSchema {
  const schemas = new WireSchemas();
  const paths: Record<string, JsonSchema> = {};
  for (const [operationId, route] of Object.entries<ApiRoute>(createApiRoutes(limits))) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: operationOf(operationId, route, schemas),
    };
  }
  schemas.of(problem, "output");
  schemas.shared["Command"] = schemas.of(createCommandSchema(limits), "input");
  return {
    openapi: "3.1.0",
    info: {
      title: "Roomful HTTP API",
      version: "1.0.0",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: basePath }],
    security: [{ apiKey: [] }],
    tags: [
      { name: "publish", description: "Keys with the scope `publish`." },
      { name: "read", description: "Keys with the scope `read`." },
      { name: "admin", description: "Keys with the scope `admin`." },
    ],
    paths,
    components: {
      schemas: schemas.shared,
      securitySchemes: { apiKey: { type: "http", scheme: "bearer", description: "A key of `ROOMFUL_API_KEYS`." } },
      headers: {
        RateLimitLimit: { description: "Calls that the key may make at once.", schema: { type: "integer" } },
        RateLimitRemaining: { description: "What is left of them.", schema: { type: "integer" } },
        RateLimitReset: { description: "Seconds until all are there again.", schema: { type: "integer" } },
        RetryAfter: { description: "Seconds to wait.", schema: { type: "integer" } },
        IdempotencyReplayed: {
          description: "An earlier call with the same key has done it; this is its answer.",
          schema: { type: "string", const: "true" },
        },
      },
    },
  };
}

function operationOf(operationId: string, route: ApiRoute, schemas: WireSchemas): JsonSchema {
  const { summary, description, scope, body, answer, status, example } = route;
  const takesBody = !(body instanceof z.ZodUndefined);
  const changes = route.method !== "GET";
  return {
    operationId,
    summary,
    description,
    tags: [scope],
    parameters: [...parametersOf(route, schemas), ...(changes ? [IDEMPOTENCY_KEY] : [])],
    ...(takesBody && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: { "application/json": { schema: schemas.of(body, "input"), example: example.body } },
      },
    }),
    responses: {
      [status]: {
        description: "Done.",
        headers: { ...RATE_HEADERS, ...(changes && { "Idempotency-Replayed": headerOf("IdempotencyReplayed") }) },
        content: { "application/json": { schema: schemas.of(answer, "output") } },
      },
      ...problemsOf([...COMMON_ERRORS, ...(changes ? BODY_ERRORS : []), ...route.errors]),
    },
  };
}

const headerOf = (name: string): JsonSchema => ({ $ref: `#/components/headers/${name}` });

const RATE_HEADERS = {
  "RateLimit-Limit": headerOf("RateLimitLimit"),
  "RateLimit-Remaining": headerOf("RateLimitRemaining"),
  "RateLimit-Reset": headerOf("RateLimitReset"),
};

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  description: "Of your making; a repeat with the same key does nothing a second time. Printable ASCII.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

/** What stands in the path and behind it, with what the example puts there. */
function parametersOf({ path, params, query, example }: ApiRoute, schemas: WireSchemas): JsonSchema[] {
  const called = new URL(example.path, "http://localhost");
  const values = called.pathname.split("/");
  const names = path.split("/");
  const inPath = propertiesOf(schemas.of(params, "input")).map(([name, schema]) => ({
    ...parameterOf(name, "path", schema),
    required: true,
    example: decodeURIComponent(values[names.indexOf(`{${name}}`)] ?? ""),
  }));
  const inQuery = propertiesOf(schemas.of(query, "input")).map(([name, schema]) => {
    const value = called.searchParams.get(name);
    return { ...parameterOf(name, "query", schema), ...(value !== null && { example: exampleOf(value, schema) }) };
  });
  return [...inPath, ...inQuery];
}

function propertiesOf({ properties }: JsonSchema): [string, JsonSchema][] {
  // Parameters are always the members of one object.
  return Object.entries((properties ?? {}) as Record<string, JsonSchema>);
}

function parameterOf(name: string, place: "path" | "query", { description, ...schema }: JsonSchema): JsonSchema {
  return { name, in: place, ...(description !== undefined && { description }), schema };
}

function exampleOf(text: string, { type }: JsonSchema): string | number {
  return type === "integer" ? Number(text) : text;
}

/** One response for each status, with the codes that it stands for. */
function problemsOf(codes: readonly ErrorCode[]): JsonSchema {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { httpStatus } = ERROR_CODES[code];
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => [
      status,
      {
        description: of.map((code) => `\`${code}\`: ${ERROR_CODES[code].message}`).join(" "),
        ...(of.some((code) => ERROR_CODES[code].retryable) && { headers: { "Retry-After": headerOf("RetryAfter") } }),
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    ]),
  );
}
