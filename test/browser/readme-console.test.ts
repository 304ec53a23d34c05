import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

import { startTestServer, type TestServer } from "../../src/testing";
import { launchBrowser, type TestBrowser } from "../support/browser/browser";

const README = readFileSync(join(__dirname, "../../README.md"), "utf8");
const [, LINES = ""] = /## Try it from a browser's console\n.*?```js\n(.*?)```/s.exec(README) ?? [];

let browser: TestBrowser;
let server: TestServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startTestServer()]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

/** Does what the console does with pasted lines: `await` and `const` at the top level. */
async function paste(page: Page, lines: string): Promise<string | undefined> {
  const session = await page.context().newCDPSession(page);
  const { exceptionDetails } = await session.send("Runtime.evaluate", {
    ...{ expression: lines, replMode: true, awaitPromise: true },
  });
  return exceptionDetails?.exception?.description;
}

it("runs README's lines for the console of a browser as they are printed, in two tabs", async () => {
  expect(LINES).toContain("emitWithAck");
  const [first, second] = [await browser.open(server.url), await browser.open(server.url)];
  const heard = second.page.waitForEvent("console", (message) => /^guest-.+: Hello from guest-/.test(message.text()));

  expect(await paste(first.page, LINES)).toBeUndefined();
  const greeted = first.page.waitForEvent("console", (message) => /: Hello from guest-/.test(message.text()));
  expect(await paste(second.page, LINES)).toBeUndefined();

  // The later one hears itself; the earlier one hears the later one.
  expect((await greeted).text()).toBe((await heard).text());
  expect([...first.faults, ...second.faults]).toEqual([]);
});
