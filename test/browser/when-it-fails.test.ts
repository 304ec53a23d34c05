import type { Page } from "playwright-core";

import { ChatPage, enterRoom } from "../support/browser/chat-page";
import { setUpPageTests } from "../support/browser/page-tests";

const tests = setUpPageTests();

const problem = (page: Page, text: string) => page.getByRole("alert").getByText(text);

it("says why nobody can sign in, and goes on by itself when it can be done", async () => {
  const ada = new ChatPage(await tests.browser.open(tests.server.url));
  await ada.page.route("**/dev/token", (route) => route.fulfill({ status: 500 }));
  await ada.name.fill("Ada");
  await ada.name.press("Enter");
  await problem(ada.page, "The service does not answer.").waitFor();

  await ada.page.unroute("**/dev/token");

  await ada.connectionIs("connected");
  await ada.page.getByRole("alert").waitFor({ state: "detached" });
});

it("says that a service gives out no tokens, and does not ask it again and again", async () => {
  const ada = new ChatPage(await tests.browser.open(tests.server.url));
  await ada.page.route("**/dev/token", (route) => route.fulfill({ status: 404 }));
  await ada.name.fill("Ada");
  await ada.name.press("Enter");

  await problem(ada.page, "gives out no development tokens").waitFor();
  await ada.connectionIs("refused");
});

it("says in the reader's language why a message was not sent, sends it again, and discards it", async () => {
  const token = await tests.server.tokens.mint({ userId: "ada", username: "Ada", scope: "read" });
  const { page } = await tests.browser.open(tests.server.url, { locale: "zh-CN" });
  await page.route("**/dev/token", (route) => route.fulfill({ json: { token } }));
  await page.getByRole("textbox", { name: "您的名字" }).fill("Ada");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "打开 lobby" }).click();
  const field = page.getByRole("textbox", { name: "消息" });
  await field.fill("May I?");
  await field.press("Enter");
  const failed = page.locator('[data-status="failed"]');
  await failed.getByText("未发送: 您在这里只能阅读，不能发言。").waitFor();

  await failed.getByRole("button", { name: "重新发送" }).click();
  await failed.getByText("不能发言").waitFor();
  await failed.getByRole("button", { name: "丢弃" }).click();

  await failed.waitFor({ state: "detached" });
  expect(await page.getByText("May I?").count()).toBe(0);
});

it("connects anew as soon as the browser says that it is online", async () => {
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "online");
  // Some of them are there for a moment only.
  const said = await ada.page.locator("[data-connection]").evaluateHandle((line) => {
    const seen: (string | null)[] = [];
    new MutationObserver(() => seen.push(line.textContent)).observe(line, { characterData: true, subtree: true });
    return seen;
  });

  await ada.page.evaluate(() => dispatchEvent(new Event("online")));

  await ada.page.waitForFunction((seen) => seen.includes("Caught up"), said);
  expect(await said.jsonValue()).toContain("Reconnecting…");
  await ada.roomIs("live");
});
