import { type Html, html, prose } from "./html";
import { row, schemaTable, table } from "./schema-table";
import type { JsonSchema } from "./wire-schema";

interface Parameter {
  name: string;
  in: string;
  description?: string;
  required?: boolean;
  schema: JsonSchema;
  example?: unknown;
}

interface Body {
  content: Record<string, { schema: JsonSchema; example?: unknown }>;
}

interface Operation {
  operationId: string;
  summary: string;
  description: string;
  tags: [string];
  parameters: Parameter[];
  requestBody?: Body;
  responses: Record<string, { description: string; content: Record<string, { schema: JsonSchema }> }>;
}

interface Message {
  name: string;
  title: string;
  payload: JsonSchema;
}

const EXAMPLE_ORIGIN = "http://127.0.0.1:3000";
const SHARED = "#/components/schemas/";

/** The page at `/docs`: both documents, for people. It is text and style only: nothing in it runs. */
export function createDocsPage(openApi: JsonSchema, asyncApi: JsonSchema): string {
  // Both are made by this folder.
  const { info, servers, paths, components } = openApi as {
    info: { description: string };
    servers: [{ url: string }];
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, JsonSchema> };
  };
  const events = asyncApi as {
    info: { description: string };
    components: { messages: Record<string, Message>; schemas: Record<string, JsonSchema> };
  };
  const basePath = servers[0].url.replace(/\/$/, "");
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path: basePath + path, method, operation })),
  );
  const shared = { ...events.components.schemas, ...components.schemas };
  const messages = Object.entries(events.components.messages);
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Roomful: HTTP API and events</title>
<link rel="stylesheet" href="docs/style.css">
<div class="layout">
<nav aria-label="Contents">
<h2>HTTP API</h2><ul>${routes.map(({ operation }) => link(operation.operationId, operation.summary))}</ul>
<h2>Events</h2><ul>${messages.map(([id, { title }]) => link(id, title))}</ul>
<h2>Schemas</h2><ul>${Object.keys(shared).map((name) => link(`schema-${name}`, name))}</ul>
</nav>
<main>
<h1>Roomful: HTTP API and events</h1>
<p>${prose(info.description)}</p>
<p>The same for programs: <a href="openapi.json">OpenAPI 3.1</a>, <a href="asyncapi.json">AsyncAPI 3</a>.</p>
<h2>HTTP API</h2>
${routes.map(({ path, method, operation }) => operationSection(path, method, operation, shared))}
<h2>Events</h2>
<p>${prose(events.info.description)}</p>
${messages.map(([id, { title, payload }]) => html`<section id="${id}"><h3>${title}</h3>${schemaTable(resolved(payload, shared))}</section>`)}
<h2>Schemas</h2>
${Object.entries(shared).map(([name, schema]) => html`<section id="schema-${name}"><h3>${name}</h3>${schemaTable(schema)}</section>`)}
</main>
</div>
</html>
`;
  return page.text;
}

function link(id: string, text: string): Html {
  return html`<li><a href="#${id}">${text}</a></li>`;
}

function operationSection(
  path: string,
  method: string,
  operation: Operation,
  shared: Record<string, JsonSchema>,
): Html {
  const { operationId, summary, description, tags, parameters, requestBody, responses } = operation;
  const body = requestBody?.content["application/json"];
  const parameterRows = parameters.map((each) =>
    row(
      each.name,
      { ...each.schema, ...(each.description !== undefined && { description: each.description }) },
      each.required === true,
    ),
  );
  return html`<section id="${operationId}">
<h3>${summary}</h3>
<div class="route"><span class="method ${method}">${method.toUpperCase()}</span><code>${path}</code><span class="scope">scope ${tags[0]}</span></div>
<p>${prose(description)}</p>
<h4>Parameters</h4>${table("Parameter", parameterRows)}
${body ? html`<h4>Body</h4>${schemaTable(resolved(body.schema, shared))}` : ""}
<h4>Example</h4><pre><code>${curlOf(path, method, operation)}</code></pre>
<h4>Answers</h4>${answersTable(responses)}
</section>`;
}

function answersTable(responses: Operation["responses"]): Html {
  const rows = Object.entries(responses).map(([status, { description, content }]) => {
    const [{ schema } = { schema: {} }] = Object.values(content);
    return row(status, { ...schema, description }, true);
  });
  return table("Status", rows);
}

/** The operation's example as a command. */
function curlOf(
  path: string,
  method: string,
  { parameters, requestBody }: Pick<Operation, "parameters" | "requestBody">,
): string {
  const url = exampleUrl(path, parameters);
  const body = requestBody?.content["application/json"]?.example;
  const lines = [
    `curl -X ${method.toUpperCase()} '${EXAMPLE_ORIGIN}${url}'`,
    "-H 'authorization: Bearer KEY'",
    ...(body === undefined ? [] : ["-H 'content-type: application/json'", `-d '${JSON.stringify(body)}'`]),
  ];
  return lines.join(" \\\n  ");
}

function exampleUrl(path: string, parameters: readonly Parameter[]): string {
  const query = new URLSearchParams();
  let url = path;
  for (const { name, in: place, example } of parameters) {
    if (example !== undefined && place === "path") {
      url = url.replace(`{${name}}`, encodeURIComponent(String(example)));
    } else if (example !== undefined && place === "query") {
      query.set(name, String(example));
    }
  }
  return query.size > 0 ? `${url}?${query}` : url;
}

/** What a reference stands for, so that its members are shown where it is used. */
function resolved(schema: JsonSchema, shared: Record<string, JsonSchema>): JsonSchema {
  const { $ref } = schema;
  return typeof $ref === "string" ? (shared[$ref.slice(SHARED.length)] ?? schema) : schema;
}
