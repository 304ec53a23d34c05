import type { FastifyInstance, FastifyReply } from "fastify";

import type { PayloadLimits } from "../../contract/fields";
import { createAsyncApi } from "./asyncapi";
import { createDocsPage } from "./docs-page";
import { DOCS_STYLE } from "./docs-style";
import { createOpenApi } from "./openapi";

/** The page holds no script and loads nothing but its own style. */
const PAGE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

export interface DocumentOptions {
  limits: PayloadLimits;
  http: { basePath?: string | undefined };
}

/** `/openapi.json`, `/asyncapi.json`, and `/docs` made of both. They show no more than README does, and need no key. */
export function addDocumentRoutes(app: FastifyInstance, { limits, http: { basePath } }: DocumentOptions): void {
  const openApi = JSON.stringify(createOpenApi(limits, basePath));
  const asyncApi = JSON.stringify(createAsyncApi(limits, basePath));
  const page = createDocsPage(JSON.parse(openApi), JSON.parse(asyncApi));

  const answer = (reply: FastifyReply, type: string, text: string): FastifyReply =>
    reply.headers(PAGE_HEADERS).type(`${type}; charset=utf-8`).send(text);
  app.get("/openapi.json", (_request, reply) => answer(reply, "application/json", openApi));
  app.get("/asyncapi.json", (_request, reply) => answer(reply, "application/json", asyncApi));
  app.get("/docs", (_request, reply) => answer(reply, "text/html", page));
  app.get("/docs/style.css", (_request, reply) => answer(reply, "text/css", DOCS_STYLE));
}
