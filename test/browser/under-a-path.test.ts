import { enterRoom } from "../support/browser/chat-page";
import { setUpPageTests } from "../support/browser/page-tests";

// The two settings of a service in a corner of a host where few things pass.
const tests = setUpPageTests({ config: { http: { basePath: "/chat" }, transports: ["websocket"] } });

it("works under a base path, by websocket alone", async () => {
  const paths: string[] = [];
  const opened = await tests.browser.open(tests.server.url);
  opened.page.on("request", (request) => paths.push(new URL(request.url()).pathname));
  opened.page.on("websocket", (socket) => paths.push(new URL(socket.url()).pathname));
  const ada = await enterRoom(opened, "Ada", "tea");

  await ada.send("Hello");
  await ada.shows("Hello", "stored");

  expect(new URL(ada.page.url()).pathname).toBe("/chat/");
  expect(paths).toContain("/chat/dev/token");
  expect(paths).toContain("/chat/socket.io/");
  expect(paths.filter((path) => !path.startsWith("/chat/"))).toEqual([]);
  expect(ada.faults).toEqual([]);
});

it("keeps who is here and where, for the page of this path alone", async () => {
  const ada = await enterRoom(await tests.browser.open(`${tests.server.url}/`), "Ada", "kept");

  await ada.page.reload();

  await ada.roomIs("live");
  await ada.page.getByRole("heading", { level: 1, name: "kept" }).waitFor();
  const keys = await ada.page.evaluate(() => Object.keys(localStorage));
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.filter((key) => !key.startsWith("/chat"))).toEqual([]);
  expect(ada.faults).toEqual([]);
});
