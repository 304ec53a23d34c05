import { enterRoom } from "../support/browser/chat-page";
import { setUpPageTests } from "../support/browser/page-tests";
import { readmeCurl, runCurl } from "../support/docs-examples";

const tests = setUpPageTests();

it("shows in the page what README's curl publishes, once however often it is sent", async () => {
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "lobby");

  await runCurl(readmeCurl(), tests.server);
  await runCurl(readmeCurl(), tests.server);
  await ada.shows("Invoice 17 is paid.", "stored");
  await ada.send("Thank you");
  await ada.shows("Thank you", "stored");

  expect(await ada.message("Invoice 17 is paid.").count()).toBe(1);
  expect(ada.faults).toEqual([]);
});
