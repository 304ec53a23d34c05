import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SRC = join(__dirname, "../../src");

/** Directions are the linter's (.biome.json); it cannot tell types from values, which these folders may not take of those. */
const TYPES_ONLY: Record<string, RegExp> = {
  handlers: /^(?:\.\.\/)+(broadcast|presence|write-buffer|repositories)\//,
  presence: /^(?:\.\.\/)+broadcast\//,
  outbox: /^(?:\.\.\/)+repositories\//,
  "room-log": /^(?:\.\.\/)+repositories\//,
  http: /^(?:\.\.\/)+(handlers|broadcast|observability)\//,
};

it.each(Object.entries(TYPES_ONLY))(
  "%s takes only types of the folders that it must not call",
  (folder, restricted) => {
    const files = readdirSync(join(SRC, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(SRC, folder, name));
    expect(files.length).toBeGreaterThan(0);
    const values = files.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/^import (?!type )[^;]*? from "([^"]+)";/gms)]
        .filter(([, path = ""]) => restricted.test(path))
        .filter(([statement]) => !importsTypesOnly(statement))
        .map(([statement]) => `${file}: ${statement}`),
    );

    expect(values).toEqual([]);
  },
);

/** `import { type A, type B } from ...` */
function importsTypesOnly(statement: string): boolean {
  const names = /\{([^}]*)\}/.exec(statement)?.[1] ?? "";
  return names.split(",").every((name) => name.trim() === "" || name.trim().startsWith("type "));
}
