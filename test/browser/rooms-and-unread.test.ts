import { ChatPage, enterRoom } from "../support/browser/chat-page";
import { setUpPageTests } from "../support/browser/page-tests";

const tests = setUpPageTests();

it("counts what is said in other rooms, and marks where the unread begins", async () => {
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "first");
  await ada.openRoom("second");
  const bob = await tests.server.connect({ userId: "bob", claims: { username: "Bob" } });
  await bob.call("join", { room: "first" });

  for (const content of ["One", "Two"]) {
    await bob.call("message", { room: "first", content });
  }
  const link = ada.rooms.getByRole("link", { name: /^first\b.*2/ });
  await link.click();

  await ada.shows("Two", "stored");
  const marker = ada.log.locator("[data-unread-marker]");
  await marker.waitFor();
  const [line, one] = [await marker.boundingBox(), await (await ada.shows("One")).boundingBox()];
  expect(line?.y).toBeLessThan(one?.y ?? 0);
  await ada.rooms.getByRole("link", { name: /^first$/ }).waitFor();
  expect(ada.faults).toEqual([]);
});

it("says which day it was", async () => {
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "days");

  await ada.send("Today");
  await ada.shows("Today", "stored");

  expect(await ada.log.locator("[data-day]").count()).toBe(1);
  await ada.log.locator("[data-day]").getByText("Today", { exact: true }).waitFor();
});

it("opens the room that the address names, also after signing in, and goes back", async () => {
  const ada = new ChatPage(await tests.browser.open(`${tests.server.url}/#/linked`));
  await ada.signIn("Ada");
  await ada.page.getByRole("heading", { level: 1, name: "linked" }).waitFor();
  await ada.openRoom("other");
  expect(new URL(ada.page.url()).hash).toBe("#/other");

  await ada.page.goBack();

  await ada.page.getByRole("heading", { level: 1, name: "linked" }).waitFor();
  await ada.page.goto(`${tests.server.url}/#/not a room`);
  await ada.connectionIs("connected");
  expect(ada.faults).toEqual([]);
});

it("finds rooms with somebody in them", async () => {
  const bob = await tests.server.connect({ userId: "bob" });
  await bob.call("join", { room: "crowded" });
  const ada = new ChatPage(await tests.browser.open(tests.server.url));
  await ada.signIn("Ada");

  await ada.page.getByRole("textbox", { name: "Find or make a room" }).fill("crow");
  await ada.rooms.getByRole("link", { name: /crowded/ }).click();

  await ada.page.getByRole("heading", { level: 1, name: "crowded" }).waitFor();
});

it("remembers who one is over a reload, and forgets it by signing out", async () => {
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "kept");
  await ada.page.reload();
  await ada.page.getByRole("heading", { level: 1, name: "kept" }).waitFor();
  await ada.roomIs("live");

  await ada.page.getByRole("button", { name: "Sign out" }).click();

  await ada.name.waitFor();
  await ada.page.reload();
  await ada.name.waitFor();
});

it("invites to speak where nobody has, though somebody came", async () => {
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "silent");
  await ada.log.getByText("Ada joined the room").waitFor();
  await ada.log.getByText("Nothing said yet").waitFor();

  await ada.send("Then I begin");

  await ada.shows("Then I begin", "stored");
  expect(await ada.log.getByText("Nothing said yet").count()).toBe(0);
});

it("counts in the title what is said while the tab is hidden, and marks it for who comes back", async () => {
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "behind");
  const bob = await tests.server.connect({ userId: "bob", claims: { username: "Bob" } });
  await bob.call("join", { room: "behind" });
  await bob.call("message", { room: "behind", content: "Seen" });
  await ada.shows("Seen", "stored");
  await ada.titleIs("behind · Roomful");

  await ada.setVisible(false);
  await bob.call("message", { room: "behind", content: "Not seen" });
  await ada.titleIs("(1) behind · Roomful");
  await ada.setVisible(true);

  await ada.titleIs("behind · Roomful");
  const marker = await ada.log.locator("[data-unread-marker]").boundingBox();
  const [seen, unseen] = [await ada.shows("Seen"), await ada.shows("Not seen")];
  expect((await seen.boundingBox())?.y).toBeLessThan(marker?.y ?? 0);
  expect((await unseen.boundingBox())?.y).toBeGreaterThan(marker?.y ?? Number.POSITIVE_INFINITY);
});

it("goes from a room that is left to the next one, and not back into it", async () => {
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "stays");
  await ada.openRoom("left");
  await ada.rooms.getByRole("link", { name: "left", exact: true }).hover();
  await ada.page.getByRole("button", { name: "Leave left" }).click();
  const heading = ada.page.getByRole("heading", { level: 1, name: "stays" });
  await heading.waitFor();

  await ada.page.goBack();

  await heading.waitFor();
  await ada.send("Here");
  await ada.shows("Here", "stored");
  expect(await ada.rooms.getByRole("link", { name: "left", exact: true }).count()).toBe(0);
});
