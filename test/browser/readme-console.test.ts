import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { setUpPageTests } from "../support/browser/page-tests";

const README = readFileSync(join(__dirname, "../../README.md"), "utf8");
const [, LINES = ""] = /## Try it from a browser's console\n.*?```js\n(.*?)```/s.exec(README) ?? [];

const tests = setUpPageTests();

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
  const [first, second] = [await tests.browser.open(tests.server.url), await tests.browser.open(tests.server.url)];
  const heard = second.page.waitForEvent("console", (message) => /^guest-.+: Hello from guest-/.test(message.text()));

  expect(await paste(first.page, LINES)).toBeUndefined();
  const greeted = first.page.waitForEvent("console", (message) => /: Hello from guest-/.test(message.text()));
  expect(await paste(second.page, LINES)).toBeUndefined();

  // The later one hears itself; the earlier one hears the later one.
  expect((await greeted).text()).toBe((await heard).text());
  expect([...first.faults, ...second.faults]).toEqual([]);
});
