import { createPublisher } from "../../src/publisher";
import { startTestServer, type TestServer } from "../../src/testing";
import { launchBrowser, type TestBrowser } from "../support/browser/browser";
import { type ChatPage, enterRoom } from "../support/browser/chat-page";
import { describeFrames, recordFrames } from "../support/browser/frames";
import { isInSight, restingPlace } from "../support/browser/scrolling";

const TOTAL = 5_000;
const BATCH = 1_000;
/** Rows that a page may lay out at once; above that, those out of sight must be left out by the browser. */
const MAX_ROWS = 500;
const MAX_SHIFT_PX = 4;

let browser: TestBrowser;
let server: TestServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startTestServer()]);
  const publisher = createPublisher({ url: server.url, apiKey: server.apiKey });
  for (let first = 1; first <= TOTAL; first += BATCH) {
    const results = await publisher.batch(
      Array.from({ length: BATCH }, (_, index) => ({
        ...{ command: "message", room: "long" },
        body: { userId: `user-${index % 7}`, content: contentOf(first + index) },
      })),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
  }
});

afterEach(() => browser.closeDevices());

afterAll(async () => {
  await browser.close();
  await server.close();
});

/** Of several heights, as talk is. */
function contentOf(number: number): string {
  return `Line ${number}.${" It is longer than the others, and wraps.".repeat(number % 5 === 0 ? 6 : 0)}`;
}

const numberOf = (content: string): number => Number(/^Line (\d+)\./.exec(content)?.[1]);

/** Numbers of the lines that the page holds now, from top to bottom. */
async function heldNumbers(chat: ChatPage): Promise<number[]> {
  return (await chat.messages()).map(({ content }) => numberOf(content));
}

it("scrolls up through 5,000 messages: all come, in order, each once", async () => {
  const chat = await enterRoom(await browser.open(server.url), "Ada", "long");
  await chat.log.getByText(contentOf(TOTAL)).waitFor();
  const seen = new Set<number>();
  const stopFrames = await recordFrames(chat.page);
  await chat.log.hover();

  let held = await heldNumbers(chat);
  let most = held.length;
  for (; !seen.has(1); held = await heldNumbers(chat)) {
    // A gap or a copy would show here, at whatever moment it is there.
    const [first = 0] = held;
    expect(held).toEqual(held.map((_, index) => first + index));
    for (const number of held) {
      seen.add(number);
    }
    most = Math.max(most, held.length);
    await chat.page.mouse.wheel(0, -3_000);
  }

  expect(seen.size).toBe(TOTAL);
  const isLeftOut = await chat.log
    .locator("[data-message-id]")
    .first()
    .evaluate((row) => {
      for (let element: Element | null = row; element; element = element.parentElement) {
        if (getComputedStyle(element).contentVisibility === "auto") {
          return true;
        }
      }
      return false;
    });
  expect(most <= MAX_ROWS || isLeftOut).toBe(true);
  expect(chat.faults).toEqual([]);
  console.log(`${most} rows at most; ${describeFrames(await stopFrames())}`);
});

it("keeps what is read in its place while older messages are put before it", async () => {
  const chat = await enterRoom(await browser.open(server.url), "Bob", "long");
  await chat.log.getByText(contentOf(TOTAL)).waitFor();

  for (let page = 0; page < 4; page += 1) {
    const shift = await chat.log.evaluate(async (log) => {
      const ids = (): (string | null)[] =>
        Array.from(log.querySelectorAll("[data-message-id]"), (row) => row.getAttribute("data-message-id"));
      const placeOf = (id: string): number | undefined =>
        log.querySelector(`[data-message-id="${id}"]`)?.getBoundingClientRect().top;
      const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      log.scrollTo({ top: 0, behavior: "instant" });
      const [oldest] = ids();
      const before = placeOf(oldest ?? "") ?? Number.NaN;
      while (ids()[0] === oldest) {
        await nextFrame();
      }
      // What a page does after the frame in which it has put them there counts, too.
      await nextFrame();
      await nextFrame();
      return Math.abs((placeOf(oldest ?? "") ?? Number.NaN) - before);
    });
    expect(shift).toBeLessThanOrEqual(MAX_SHIFT_PX);
  }
});

it("follows the newest for who is at the end, and leaves who reads above where they are", async () => {
  const chat = await enterRoom(await browser.open(server.url), "Carol", "long");
  await chat.log.getByText(contentOf(TOTAL)).waitFor();
  const speaker = await server.connect({ userId: "speaker" });
  await speaker.call("join", { room: "long" });

  await speaker.call("message", { room: "long", content: "Seen at the end" });
  const newest = await chat.shows("Seen at the end", "stored");
  expect(await isInSight(newest, chat.log)).toBe(true);

  await chat.log.hover();
  await chat.page.mouse.wheel(0, -2_000);
  const read = chat.log.getByText(contentOf(TOTAL - 20));
  const before = await restingPlace(read);
  await speaker.call("message", { room: "long", content: "Said below" });
  await chat.page.getByRole("button", { name: "New messages: 1" }).waitFor();
  expect(Math.abs((await restingPlace(read)) - before)).toBeLessThanOrEqual(MAX_SHIFT_PX);

  await chat.page.getByRole("button", { name: "New messages: 1" }).click();
  expect(await isInSight(await chat.shows("Said below", "stored"), chat.log)).toBe(true);
});

it("goes to the end with what one sends, from wherever one reads", async () => {
  const chat = await enterRoom(await browser.open(server.url), "Dora", "long");
  await chat.log.getByText(contentOf(TOTAL)).waitFor();
  await chat.log.hover();
  await chat.page.mouse.wheel(0, -2_000);
  await chat.page.getByRole("button", { name: "To the newest" }).waitFor();

  await chat.send("An answer");

  expect(await isInSight(await chat.shows("An answer", "stored"), chat.log)).toBe(true);
});
