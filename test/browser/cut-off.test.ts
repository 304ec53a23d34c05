import { startTestServer, type TestLine, type TestServer } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import { launchBrowser, type TestBrowser } from "../support/browser/browser";
import { enterRoom } from "../support/browser/chat-page";

let browser: TestBrowser;
let server: TestServer;
let wire: TestLine;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startTestServer()]);
  wire = await server.net.line();
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

it("catches up after a cut: nothing lost, nothing twice, and in the order of the table", async () => {
  const ada = await enterRoom(await browser.open(wire.url), "Ada", "wire");
  const bob = await enterRoom(await browser.open(server.url), "Bob", "wire");
  await bob.send("Before the cut");
  await ada.shows("Before the cut", "stored");

  wire.cut();
  await ada.connectionIsNot("connected");
  const lines = Array.from({ length: 60 }, (_, index) => `Line ${index + 1}`);
  for (const line of lines) {
    await bob.send(line);
  }
  await bob.shows("Line 60", "stored");
  const own = ["Written offline", "And one more"];
  for (const line of own) {
    await ada.send(line);
    await ada.shows(line, "sending");
  }
  expect(await ada.message("Line 1").count()).toBe(0);
  wire.resume();
  for (const line of own) {
    await ada.shows(line, "stored");
    await bob.shows(line, "stored");
  }
  await ada.roomIs("live");
  await bob.send("After the cut");
  await ada.shows("After the cut", "stored");

  const rows = (await readTable(server.database)).filter(({ room }) => room === "wire");
  expect(rows.map(({ content }) => content)).toEqual(["Before the cut", ...lines, ...own, "After the cut"]);
  for (const chat of [ada, bob]) {
    const shown = await chat.messages();
    expect(shown.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect(shown.map(({ content }) => content)).toEqual(rows.map(({ content }) => content));
    expect(shown.filter(({ status }) => status !== "stored")).toEqual([]);
  }
});

it("sends what was written offline, once, also when the page is opened anew", async () => {
  const carol = await enterRoom(await browser.open(wire.url), "Carol", "reload");
  wire.cut();
  await carol.connectionIsNot("connected");
  await carol.send("Written before the reload");
  await carol.shows("Written before the reload", "sending");

  wire.resume();
  await carol.page.reload();

  await carol.shows("Written before the reload", "stored");
  const rows = (await readTable(server.database)).filter(({ room }) => room === "reload");
  expect(rows.map(({ content }) => content)).toEqual(["Written before the reload"]);
  expect((await carol.messages()).map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
});
