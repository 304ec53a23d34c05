import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createHttpApp } from "../../../src/http/create-http-app";
import { addPageRoutes } from "../../../src/http/page-routes";
import type { Logger } from "../../../src/observability/logger";

const PAGE = '<!doctype html><head><script type="module" src="/assets/index-abc123.js"></script></head>';
const SCRIPT = "document.title = 'Roomful';";
let outside: string;
let folder: string;
beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), "roomful-page-"));
  folder = join(outside, "web");
  mkdirSync(join(folder, "assets/below"), { recursive: true });
  writeFileSync(join(outside, "secret.txt"), "hunter2");
  writeFileSync(join(folder, "index.html"), PAGE);
  writeFileSync(join(folder, "assets/index-abc123.js"), SCRIPT);
  writeFileSync(join(folder, "assets/below/page.js"), "hunter2");
  writeFileSync(join(folder, "assets/.env"), "hunter2");
});
afterAll(() => rmSync(outside, { recursive: true }));

function setup(of = folder, namespace = "/") {
  const errors: unknown[] = [];
  const logger: Pick<Logger, "error"> = { error: (detail: unknown) => void errors.push(detail) };
  // Of a logger, the app uses `error` alone.
  const app = createHttpApp(logger as Logger, { maxHeaderBytes: 16_384, trustProxy: false });
  addPageRoutes(app, { folder: of, namespace });
  return { app, errors };
}

const policyOf = (headers: Record<string, unknown>) =>
  Object.fromEntries(
    String(headers["content-security-policy"])
      .split("; ")
      .map((directive) => [directive.split(" ")[0], directive.split(" ").slice(1).join(" ")]),
  );

describe("the page", () => {
  it("is served as it was built, and asked for anew each time", async () => {
    const response = await setup().app.inject("/");

    expect([response.statusCode, response.body]).toEqual([200, PAGE]);
    expect(response.headers).toMatchObject({ "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" });
  });

  it("is not sent again to a browser that has it", async () => {
    const { app } = setup();
    const { etag } = (await app.inject("/")).headers;

    const again = await app.inject({ url: "/", headers: { "if-none-match": String(etag) } });

    expect([again.statusCode, again.body]).toEqual([304, ""]);
  });

  it("is told where to connect, where that is not the namespace /", async () => {
    const { app } = setup(folder, "/support");

    const response = await app.inject("/");

    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({ "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" });
    expect(response.body).toContain('<meta name="roomful-namespace" content="/support"></head>');
  });

  it("answers HEAD without a body", async () => {
    const response = await setup().app.inject({ url: "/", method: "HEAD" });

    expect([response.statusCode, response.body]).toEqual([200, ""]);
    expect(response.headers["content-length"]).toBe(String(PAGE.length));
  });

  it("says how it is built where it is not", async () => {
    const { app, errors } = setup(join(outside, "nowhere"));

    const response = await app.inject("/");

    expect([response.statusCode, response.headers["content-type"]]).toEqual([404, "text/plain; charset=utf-8"]);
    expect(response.body).toContain("npm run build:web");
    expect((await app.inject("/assets/index-abc123.js")).statusCode).toBe(404);
    expect(errors).toEqual([]);
  });
});

describe("its assets", () => {
  it("are kept by browsers for as long as there is", async () => {
    const response = await setup().app.inject("/assets/index-abc123.js");

    expect([response.statusCode, response.body]).toEqual([200, SCRIPT]);
    expect(response.headers["content-type"]).toMatch(/javascript/);
    expect(response.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  });

  it("answer HEAD without a body", async () => {
    const response = await setup().app.inject({ url: "/assets/index-abc123.js", method: "HEAD" });

    expect([response.statusCode, response.body]).toEqual([200, ""]);
  });

  it.each([
    "/assets/index-000000.js",
    "/assets/",
    "/assets",
    "/assets/below",
    "/assets/below/page.js",
    "/assets/.env",
    "/assets/..%2findex.html",
    "/assets/..%2f..%2fsecret.txt",
    "/assets/..%5c..%5csecret.txt",
    "/..%2fsecret.txt",
    "/index.html",
  ])("do not hold %s", async (url) => {
    const { app, errors } = setup();

    const response = await app.inject(url);

    expect(response.statusCode).toBe(404);
    expect(response.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(response.json()).toMatchObject({ code: "NOT_FOUND" });
    expect(errors).toEqual([]);
  });

  it.each(["/assets/%2e%2e/%2e%2e/secret.txt", "/assets/../../secret.txt", "/assets/%00", "/assets/%ff"])(
    "show nothing of what is beside them: %s",
    async (url) => {
      const { app, errors } = setup();

      const response = await app.inject(url);

      expect([400, 404]).toContain(response.statusCode);
      expect(response.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
      expect(response.body).not.toMatch(/hunter2/);
      expect(errors).toEqual([]);
    },
  );
});

it.each(["/", "/assets/index-abc123.js"])("lets %s load its own files, and nothing else", async (url) => {
  const { headers } = await setup().app.inject(url);

  expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" });
  expect(policyOf(headers)).toEqual({
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
  });
});
