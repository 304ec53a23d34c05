import { access, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";

/** Nothing but the page's own files, and its connection to this service. A same-origin websocket is `'self'`, too. */
const PAGE_HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};
/** Their names change with what is in them. */
const ASSET_MAX_AGE = "365d";
const ASSET_PATH = /^\/?[\w-][\w.-]*$/;
/** Permanent, and the method stays. */
const PERMANENT = 308;
const NOT_BUILT = "The page is not built: run `npm run build:web`. The service itself is up.\n";

export interface PageOptions {
  /** @default where the build puts it */
  folder?: string;
  /** Where the page is to connect. */
  namespace?: string;
}

/** The page of `web/` at `/`, or at the base path, with its assets. It signs in at `dev/token` beside it. */
export function addPageRoutes(
  app: FastifyInstance,
  { folder = builtFolder(), namespace = "/" }: PageOptions = {},
): void {
  app.register(async (page) => {
    page.addHook("onRequest", async (_request, reply) => {
      reply.headers(PAGE_HEADERS);
    });
    await page.register(fastifyStatic, {
      root: join(folder, "assets"),
      prefix: "/assets/",
      index: false,
      maxAge: ASSET_MAX_AGE,
      immutable: true,
      // What is no name of a file is not looked for.
      allowedPath: (path) => ASSET_PATH.test(path),
    });
    if (page.prefix !== "") {
      // The page names its files, and finds the service, from where it is itself.
      page.get("", async (_request, reply) => reply.redirect(`${page.prefix}/`, PERMANENT));
    }
    page.get("/", { prefixTrailingSlash: "slash" }, async (_request, reply): Promise<FastifyReply> => {
      reply.header("cache-control", "no-cache");
      if (!(await isBuilt(folder))) {
        return reply.status(404).type("text/plain; charset=utf-8").send(NOT_BUILT);
      }
      if (namespace === "/") {
        return reply.sendFile("index.html", folder, { cacheControl: false });
      }
      const text = await readFile(join(folder, "index.html"), "utf8");
      // Of letters, digits, _ and -: the configuration takes no others.
      const named = text.replace("</head>", `<meta name="roomful-namespace" content="${namespace}"></head>`);
      return reply.type("text/html; charset=utf-8").send(named);
    });
  });
}

/** `dist/web`, seen from this file's source and from what is compiled of it. */
function builtFolder(): string {
  const above = resolve(__dirname, "../..");
  return join(basename(above) === "dist" ? above : join(above, "dist"), "web");
}

function isBuilt(folder: string): Promise<boolean> {
  return access(join(folder, "index.html")).then(
    () => true,
    () => false,
  );
}
