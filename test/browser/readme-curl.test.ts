import { startTestServer, type TestServer } from "../../src/testing";
import { launchBrowser, type TestBrowser } from "../support/browser/browser";
import { enterRoom } from "../support/browser/chat-page";
import { readmeCurl, runCurl } from "../support/docs-examples";

let browser: TestBrowser;
let server: TestServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startTestServer()]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

it("shows in the page what README's curl publishes, once however often it is sent", async () => {
  const ada = await enterRoom(await browser.open(server.url), "Ada", "lobby");

  await runCurl(readmeCurl(), server);
  await runCurl(readmeCurl(), server);
  await ada.shows("Invoice 17 is paid.", "stored");
  await ada.send("Thank you");
  await ada.shows("Thank you", "stored");

  expect(await ada.message("Invoice 17 is paid.").count()).toBe(1);
  expect(ada.faults).toEqual([]);
});
