/** Builds the package: one file for `import`, one for `require`, and declarations that stand without the server's. */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = dirname(fileURLToPath(import.meta.url));
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

rmSync(join(root, "dist"), { recursive: true, force: true });
await build({
  root,
  configFile: false,
  logLevel: "warn",
  build: {
    target: "es2022",
    minify: false,
    sourcemap: true,
    lib: {
      entry: join(root, "src/index.ts"),
      formats: ["es", "cjs"],
      fileName: (format) => (format === "es" ? "index.mjs" : "index.js"),
    },
    rolldownOptions: { external: ["socket.io-client"], output: { topLevelVar: false } },
  },
});
execFileSync(process.execPath, [tsc, "-p", root], { stdio: "inherit" });
writeFileSync(join(root, "dist/index.d.ts"), 'export * from "./types/client/src/index";\n');
writeFileSync(join(root, "dist/index.d.mts"), 'export * from "./types/client/src/index.js";\n');
