import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { startTestServer, type TestServer } from "../../src/testing";
import { makeDataDir } from "../../src/testing/test-database";
import { launchBrowser, type TestBrowser } from "../support/browser/browser";

/** The one that builds the page and the SDK. */
const VITE = join(process.cwd(), "node_modules/vite/bin/vite.js");
const SOURCE = join(__dirname, "../support/browser/hook-page");
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript" };

let browser: TestBrowser;
let server: TestServer;
let app: Server;
let folder: string;

beforeAll(async () => {
  folder = await makeDataDir();
  const build = [VITE, "build", SOURCE, "--outDir", folder, "--emptyOutDir", "--logLevel", "warn"];
  [browser, server] = await Promise.all([
    launchBrowser(),
    startTestServer(),
    promisify(execFile)(process.execPath, build),
  ]);
  app = createServer(async ({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://app");
    const file = pathname === "/" ? "/index.html" : pathname;
    response.setHeader("content-type", TYPES[extname(file)] ?? "text/plain");
    response.end(await readFile(join(folder, file)).catch(() => ""));
  }).listen(0, "127.0.0.1");
  await once(app, "listening");
});

afterAll(async () => {
  await browser.close();
  await server.close();
  app.close();
  await rm(folder, { recursive: true, force: true });
});

it("renders a room with the hook of examples/react, no more often than it changes, and ends without a trace", async () => {
  const token = await server.tokens.mint({ userId: "ada" });
  const bob = await server.connect({ userId: "bob", rooms: ["hooked"] });
  await bob.waitFor("room_state");
  const address = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  const { page, faults } = await browser.open(`${address}/?${new URLSearchParams({ url: server.url, token })}`);
  await page.locator('[data-room-status="live"][data-connection="connected"]').waitFor({ state: "attached" });

  await page.getByRole("textbox", { name: "Message" }).fill("From React");
  await page.getByRole("textbox", { name: "Message" }).press("Enter");
  const stored = page.locator('li[data-status="stored"]');
  await stored.getByText("From React", { exact: true }).waitFor();
  await bob.waitFor("message", ({ content }) => content === "From React");
  await bob.call("message", { room: "hooked", content: "To React" });
  await stored.getByText("To React", { exact: true }).waitFor();
  await bob.call("leave", { room: "hooked" });
  await page.getByRole("listitem").getByText("bob left the room").waitFor();

  // Two messages, joins, their numbers and the input: each of them a few renders, and none without end.
  const renders = () => page.locator("body").getAttribute("data-renders").then(Number);
  expect(await renders()).toBeGreaterThan(3);
  expect(await renders()).toBeLessThan(60);

  await bob.call("join", { room: "hooked" });
  await page.evaluate(() => window.dispatchEvent(new Event("leave-app")));
  await bob.waitFor("user_left", ({ userId }) => userId === "ada");
  const last = await renders();
  await bob.call("message", { room: "hooked", content: "Anybody?" });
  expect(await page.locator("#root").innerHTML()).toBe("");
  expect(await renders()).toBe(last);
  expect(faults).toEqual([]);
});
