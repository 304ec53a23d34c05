import type { Page } from "playwright-core";

import { ChatPage } from "../support/browser/chat-page";
import { setUpPageTests } from "../support/browser/page-tests";

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

const tests = setUpPageTests();

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content).toBeLessThanOrEqual(screen ?? 0);
  expect(screen).toBe(PHONE.viewport.width);
}

it("fits a phone: rooms in a drawer, the composer in sight, and nothing to scroll sideways", async () => {
  const watched = await tests.browser.open(tests.server.url, PHONE);
  const chat = new ChatPage(watched);
  const { page } = chat;
  await expectNoSidewaysScroll(page);
  await chat.signIn("Ada");
  const find = page.getByRole("textbox", { name: "Find or make a room" });
  const drawer = page.getByRole("button", { name: "Rooms", exact: true });
  await chat.openRoom("phone");
  await find.waitFor({ state: "hidden" });
  // Who has chosen a room goes on in it.
  const heading = page.getByRole("heading", { level: 1, name: "phone" });
  expect(await heading.evaluate((element) => element === document.activeElement)).toBe(true);

  await drawer.click();
  await find.waitFor();
  await expectNoSidewaysScroll(page);
  await page.keyboard.press("Escape");
  await find.waitFor({ state: "hidden" });
  // Who closes the drawer is where they were when they opened it.
  expect(await drawer.evaluate((button) => button === document.activeElement)).toBe(true);

  await chat.send(`A word without an end: ${"a".repeat(400)} https://example.org/${"b".repeat(400)}`);
  await chat.log.locator('[data-status="stored"]').waitFor();
  await expectNoSidewaysScroll(page);
  const place = await chat.composer.boundingBox();
  expect(place?.y).toBeGreaterThan(PHONE.viewport.height / 2);
  expect((place?.y ?? 0) + (place?.height ?? 0)).toBeLessThanOrEqual(PHONE.viewport.height);
  expect(chat.faults).toEqual([]);
});
