import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium } from "playwright-core";

import { startTestServer, type TestServer } from "../../src/testing";
import { findChromium } from "../support/chromium";
import { startDeployedHaproxy } from "../support/haproxy";
import type { ProgramProcess } from "../support/program-process";

let app: Server;
let origin: string;
let server: TestServer;
let haproxy: ProgramProcess;
let browser: Browser;

beforeAll(async () => {
  // The page of an application, of an origin of its own.
  app = createServer((_request, response) => response.setHeader("content-type", "text/html").end("<!doctype html>"));
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  origin = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  server = await startTestServer({ nodes: 2, config: { http: { allowedOrigins: [origin], allowCredentials: true } } });
  haproxy = await startDeployedHaproxy(server.nodes.map((node) => node.directUrl));
  browser = await chromium.launch({
    executablePath: findChromium(),
    // Chromium's sandbox does not start for root.
    chromiumSandbox: process.getuid?.() !== 0,
  });
});

afterAll(async () => {
  await browser?.close();
  await haproxy?.stop();
  await server?.close();
  app?.close();
});

/** Polls from a page of the other origin, as its script would; answers what became of it. */
async function pollFrom(withCredentials: boolean): Promise<unknown> {
  const device = await browser.newContext();
  try {
    const page = await device.newPage();
    await page.goto(origin);
    const url = `http://127.0.0.1:${haproxy.port}`;
    const options = {
      auth: { token: await server.tokens.mint({ userId: "ada" }) },
      ...{ transports: ["polling"], reconnection: false, withCredentials },
    };
    return await page.evaluate(`(async () => {
      const { io } = await import("${url}/socket.io/socket.io.esm.min.js");
      const socket = io("${url}", ${JSON.stringify(options)});
      return new Promise((resolve) => {
        socket.once("connect_error", (error) => resolve(error.message));
        socket.once("disconnect", resolve);
        socket.once("welcome", async () => {
          for (let turn = 1; turn <= 5; turn += 1) {
            await socket.emitWithAck("rooms", {});
          }
          resolve("five answers");
        });
      });
    })()`);
  } finally {
    await device.close();
  }
}

it("lets a page of another origin poll two nodes by HAProxy's cookie, in a real browser", async () => {
  expect(await pollFrom(true)).toBe("five answers");
  expect(await pollFrom(false)).toMatch(/^xhr (poll|post) error$/);
});
