import { enterRoom } from "../support/browser/chat-page";
import { setUpPageTests } from "../support/browser/page-tests";

const tests = setUpPageTests({ config: { namespaces: ["/support", "/sales"] } });

it("connects to the first namespace of a service that has no other one for it", async () => {
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "tea");
  const bob = await tests.server.connect({ userId: "bob" });
  await bob.call("join", { room: "tea" });

  await ada.send("Hello");
  await ada.shows("Hello", "stored");

  expect(bob.namespace).toBe("/support");
  await bob.waitFor("message", ({ content }) => content === "Hello");
  expect(ada.faults).toEqual([]);
});
