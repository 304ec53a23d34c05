import { z } from "zod";

export type JsonSchema = Record<string, unknown>;

const INNER = "#/$defs/";
const SHARED = "#/components/schemas/";

/** Makes JSON Schemas (2020-12) of ours; those with a name are gathered, and referred to by it. */
export class WireSchemas {
  /** By name, for `components.schemas`. */
  readonly shared: Record<string, JsonSchema> = {};

  /**
   * The schema of what is sent (`output`) or taken (`input`: defaults may be left out).
   */
  of(schema: z.ZodType, io: "input" | "output"): JsonSchema {
    const made = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as JsonSchema;
    const { $defs = {}, ...own } = toWire(made) as JsonSchema & { $defs?: Record<string, JsonSchema> };
    for (const [name, definition] of Object.entries($defs)) {
      this.share(name, definition);
    }
    const { $schema: _dialect, id, ...content } = own;
    if (typeof id !== "string") {
      return content;
    }
    this.share(id, content);
    return { $ref: SHARED + id };
  }

  private share(name: string, { id: _id, ...definition }: JsonSchema): void {
    this.shared[name] = definition;
  }
}

/** What a schema's own words say in place of what zod knows, and the place of shared schemas. */
function toWire(node: unknown): unknown {
  if (Array.isArray(node)) {
    return node.map(toWire);
  }
  if (typeof node !== "object" || node === null) {
    return node;
  }
  const { wire, ...own } = node as JsonSchema & { wire?: JsonSchema };
  if (wire) {
    const { description, default: fallback } = own;
    return {
      ...wire,
      ...(description !== undefined && { description }),
      ...(fallback !== undefined && { default: fallback }),
    };
  }
  return Object.fromEntries(
    Object.entries(own).map(([key, member]) => [
      key,
      key === "$ref" && typeof member === "string" ? member.replace(INNER, SHARED) : toWire(member),
    ]),
  );
}
