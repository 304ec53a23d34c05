import { Html, html, prose } from "./html";
import type { JsonSchema } from "./wire-schema";

const NOTHING = new Html("");
const SHARED = "#/components/schemas/";

/** A schema's members as a table, or its type in words where it is no object. */
export function schemaTable(schema: JsonSchema): Html {
  const { properties } = schema;
  if (typeof properties !== "object" || properties === null) {
    return html`<p class="type">${typeOf(schema)}</p>`;
  }
  const required = (schema["required"] ?? []) as string[];
  const rows = Object.entries(properties as Record<string, JsonSchema>).map(([name, member]) =>
    row(name, member, required.includes(name)),
  );
  return table("Field", rows);
}

/** Rows of names, types and meanings. */
export function table(heading: string, rows: readonly Html[]): Html {
  return rows.length === 0
    ? NOTHING
    : html`<div class="scroll"><table><thead><tr><th>${heading}</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

export function row(name: string, schema: JsonSchema, isRequired: boolean): Html {
  const { description = "", default: fallback } = schema as { description?: string; default?: unknown };
  const otherwise = fallback === undefined ? NOTHING : html` Default: <code>${JSON.stringify(fallback)}</code>.`;
  const mark = isRequired ? NOTHING : html`<span class="optional"> optional</span>`;
  return html`<tr><td><code>${name}</code>${mark}</td><td>${typeOf(schema)}</td><td>${prose(description)}${otherwise}</td></tr>`;
}

/** The type in words; a shared schema is linked. */
function typeOf(schema: JsonSchema): Html {
  const { $ref, type, items, format, pattern, minimum, maximum, minLength, maxLength } = schema;
  const choices = schema["enum"] ?? schema["anyOf"] ?? schema["oneOf"];
  if (typeof $ref === "string") {
    const name = $ref.slice(SHARED.length);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if ("const" in schema) {
    return html`<code>${JSON.stringify(schema["const"])}</code>`;
  }
  if (Array.isArray(choices)) {
    return joined(
      choices.map((each) =>
        typeof each === "object" && each ? typeOf(each as JsonSchema) : html`<code>${JSON.stringify(each)}</code>`,
      ),
    );
  }
  if (type === "array") {
    return items ? html`list of ${typeOf(items as JsonSchema)}` : html`list`;
  }
  const range = [
    ...(typeof minimum === "number" && minimum > Number.MIN_SAFE_INTEGER ? [`from ${minimum}`] : []),
    ...(typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER ? [`up to ${maximum}`] : []),
    ...(typeof maxLength === "number" ? [`${minLength ?? 0} to ${maxLength} characters`] : []),
    ...(typeof format === "string" ? [format] : []),
  ];
  const words = html`${String(type ?? "any JSON")}${range.length > 0 ? `, ${range.join(" ")}` : ""}`;
  return typeof pattern === "string" && format === undefined
    ? html`${words} <code class="pattern">${pattern}</code>`
    : words;
}

function joined(parts: readonly Html[]): Html {
  return new Html(parts.map(({ text }) => text).join(" or "));
}
