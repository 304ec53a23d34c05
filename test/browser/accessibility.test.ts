import type { BrowserContextOptions } from "playwright-core";

import { findBarriers } from "../support/browser/axe";
import { ChatPage, enterRoom } from "../support/browser/chat-page";
import { tabTo } from "../support/browser/focus";
import { setUpPageTests } from "../support/browser/page-tests";

const tests = setUpPageTests();

/** A room with something of everything in it: own and other messages, a link, system messages, people. */
async function openLivelyRoom(name: string, options?: BrowserContextOptions): Promise<ChatPage> {
  const room = `lively-${name}`;
  const bob = await tests.server.connect({ userId: "bob", claims: { username: "Bob" } });
  await bob.call("join", { room });
  const chat = await enterRoom(await tests.browser.open(`${tests.server.url}/#/${room}`, options), name, room);
  await bob.call("message", { room, content: "Read https://example.org/manual first" });
  await chat.send("I have");
  await chat.shows("I have", "stored");
  return chat;
}

describe("axe finds nothing serious", () => {
  it.each(["light", "dark"] as const)("in the sign-in, %s", async (colorScheme) => {
    const { page } = await tests.browser.open(tests.server.url, { colorScheme });
    await new ChatPage({ page, faults: [] }).name.waitFor();

    expect(await findBarriers(page)).toEqual([]);
  });

  it.each(["light", "dark"] as const)("in a room, %s", async (colorScheme) => {
    const { page } = await openLivelyRoom(colorScheme, { colorScheme });

    expect(await findBarriers(page)).toEqual([]);
  });

  it.each(["light", "dark"] as const)("on a phone with the drawer open, %s", async (colorScheme) => {
    const { page } = await openLivelyRoom(`phone-${colorScheme}`, {
      colorScheme,
      viewport: { width: 390, height: 844 },
    });
    await page.getByRole("button", { name: "Rooms", exact: true }).click();
    await page.getByRole("textbox", { name: "Find or make a room" }).waitFor();

    expect(await findBarriers(page)).toEqual([]);
  });

  it("in Chinese, which a Chinese browser gets by itself and anybody by choice", async () => {
    const { page } = await tests.browser.open(tests.server.url, { locale: "zh-CN" });
    await page.getByRole("textbox", { name: "您的名字" }).waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
    expect(await findBarriers(page)).toEqual([]);

    const chat = await openLivelyRoom("chooser");
    await chat.page.getByLabel("Language").selectOption("zh");
    await chat.page.getByRole("log", { name: "消息列表" }).waitFor();
    await chat.page.getByLabel("语言").waitFor();
    expect(await findBarriers(chat.page)).toEqual([]);
  });
});

it("can be used with the keyboard alone, and shows where it is", async () => {
  const chat = new ChatPage(await tests.browser.open(tests.server.url));
  const { page } = chat;
  await chat.name.waitFor();

  await tabTo(page, "Your name");
  await page.keyboard.type("Keys");
  await page.keyboard.press("Enter");
  await chat.connectionIs("connected");
  await tabTo(page, "Find or make a room");
  await page.keyboard.type("keyboard");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "keyboard" }).waitFor();
  await chat.roomIs("live");
  await tabTo(page, "Message");
  await page.keyboard.type("Without a mouse");
  await page.keyboard.press("Enter");
  await chat.shows("Without a mouse", "stored");
  await tabTo(page, "Messages");
  await page.keyboard.press("Home");

  await tabTo(page, "Skip to the conversation");
  await page.keyboard.press("Enter");
  await tabTo(page, "Messages");

  await tabTo(page, "Find or make a room");
  await page.keyboard.type("another");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "another" }).waitFor();
  await tabTo(page, "keyboard");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "keyboard" }).waitFor();
  await chat.shows("Without a mouse");
  await tabTo(page, "Sign out");
  await page.keyboard.press("Enter");
  await chat.name.waitFor();
  expect(chat.faults).toEqual([]);
});
