import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  // Found from where the page is: it may stand under a path of its own.
  base: "./",
  // From its source, so that the page needs no build of the client before its own.
  resolve: { alias: { "roomful-client": here("../client/src/index.ts") } },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    outDir: here("../dist/web"),
    emptyOutDir: true,
    // The page's policy allows neither data addresses nor scripts that stand in the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
