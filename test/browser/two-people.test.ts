import { openPage } from "../support/browser/browser";
import { ChatPage, enterRoom } from "../support/browser/chat-page";
import { setUpPageTests } from "../support/browser/page-tests";

const tests = setUpPageTests();

async function enter(name: string, room: string): Promise<ChatPage> {
  return enterRoom(await tests.browser.open(tests.server.url), name, room);
}

it("lets two people meet in a room, see each other, and talk", async () => {
  const [ada, bob] = [await enter("Ada", "tea"), await enter("Bob", "tea")];
  for (const { people } of [ada, bob]) {
    await people.getByText("Ada", { exact: true }).waitFor();
    await people.getByText("Bob", { exact: true }).waitFor();
  }

  await ada.send("Hello, Bob");
  await bob.shows("Hello, Bob");
  await bob.composer.fill("Hello, Ada");
  await bob.composer.press("Enter");
  await ada.shows("Hello, Ada");

  // Each sees the own one become stored, and the other's too.
  for (const chat of [ada, bob]) {
    await chat.shows("Hello, Bob", "stored");
    await chat.shows("Hello, Ada", "stored");
    expect((await chat.messages()).map(({ content }) => content)).toEqual(["Hello, Bob", "Hello, Ada"]);
    expect(chat.faults).toEqual([]);
  }
  expect(await bob.composer.inputValue()).toBe("");
});

it("shows who is typing, and that it is over", async () => {
  const [ada, bob] = [await enter("Ada", "typing"), await enter("Bob", "typing")];
  const line = bob.page.locator("[data-typing]");

  await ada.composer.pressSequentially("Well");
  await line.getByText("Ada").waitFor();
  await ada.composer.press("Enter");

  await line.getByText("Ada").waitFor({ state: "hidden" });
  await bob.shows("Well");
});

it("marks a message as sending until the database has it", async () => {
  const ada = await enter("Ada", "sending");
  const statuses = await ada.log.evaluateHandle((log) => {
    const seen: (string | null)[] = [];
    const look = (): void => {
      const status = log.querySelector("[data-message-id]:not([data-system])")?.getAttribute("data-status");
      if (status && seen.at(-1) !== status) {
        seen.push(status);
      }
    };
    new MutationObserver(look).observe(log, { subtree: true, childList: true, attributes: true });
    return seen;
  });

  tests.server.postgres.slow(200);
  await ada.send("Kept");
  await ada.shows("Kept", "sending");
  tests.server.postgres.up();
  await ada.shows("Kept", "stored");

  expect(await statuses.jsonValue()).toEqual(["sending", "stored"]);
});

it("shows one person for two tabs, and each tab what the other says", async () => {
  const first = await enter("Ada", "tabs");
  const second = new ChatPage(await openPage(first.page.context(), `${tests.server.url}/#/tabs`));
  await second.roomIs("live");
  const bob = await enter("Bob", "tabs");

  await first.send("From the first tab");
  await second.shows("From the first tab", "stored");
  await second.send("From the second tab");
  await first.shows("From the second tab", "stored");

  await bob.people.getByText("Bob", { exact: true }).waitFor();
  expect(await bob.people.getByText("Ada", { exact: true }).count()).toBe(1);
  expect(new Set((await first.messages()).map(({ userId }) => userId)).size).toBe(1);
  expect([...first.faults, ...second.faults]).toEqual([]);
});

it("opens and leaves rooms in all tabs of a person, but for the one that is looked at", async () => {
  const first = await enter("Ada", "shared");
  const second = new ChatPage(await openPage(first.page.context(), `${tests.server.url}/#/kept`));
  await second.roomIs("live");
  const link = (chat: ChatPage, name: string) => chat.rooms.getByRole("link", { name, exact: true });
  await link(first, "kept").waitFor();
  await second.openRoom("third");
  await link(first, "third").waitFor();

  for (const name of ["kept", "third"]) {
    await link(first, name).hover();
    await first.page.getByRole("button", { name: `Leave ${name}` }).click();
  }

  await link(second, "kept").waitFor({ state: "detached" });
  await second.page.getByRole("heading", { level: 1, name: "third" }).waitFor();
  await second.send("Still here");
  await second.shows("Still here", "stored");
});
