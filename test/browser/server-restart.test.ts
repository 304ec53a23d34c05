import { randomBytes } from "node:crypto";
import { freePort } from "../../src/testing/free-port";
import { readTable } from "../../src/testing/room-table";
import { createTestDatabase, type TestDatabase } from "../../src/testing/test-database";
import { launchBrowser, type TestBrowser } from "../support/browser/browser";
import { enterRoom } from "../support/browser/chat-page";
import { ServiceProcess } from "../support/service-process";

let browser: TestBrowser;
let database: TestDatabase;
let service: ServiceProcess;

beforeEach(async () => {
  [browser, database] = await Promise.all([launchBrowser(), createTestDatabase()]);
  service = new ServiceProcess(await freePort(), {
    DATABASE_URL: database.url,
    ROOMFUL_JWT_SECRET: randomBytes(48).toString("base64url"),
    ROOMFUL_ALLOW_UNSAFE_DURABILITY: "true",
    ROOMFUL_RATE_LIMITS: "off",
    ROOMFUL_LOG_LEVEL: "error",
  });
  await service.start();
});

afterEach(async () => {
  await browser.close();
  await service.end("SIGKILL");
  await database.drop();
});

it.each([
  ["killed", "SIGKILL", null],
  ["stopped in order", "SIGTERM", 0],
] as const)("survives a server that is %s and started again", async (_how, signal, status) => {
  const [ada, bob] = [
    await enterRoom(await browser.open(service.url), "Ada", "restart"),
    await enterRoom(await browser.open(service.url), "Bob", "restart"),
  ];
  await ada.send("Before");
  await bob.shows("Before", "stored");

  expect(await service.end(signal)).toBe(status);
  await ada.connectionIsNot("connected");
  await ada.send("Meanwhile");
  await ada.shows("Meanwhile", "sending");
  await service.start();

  // Nobody reloads: the pages come back by themselves.
  for (const chat of [ada, bob]) {
    await chat.connectionIs("connected");
    await chat.shows("Meanwhile", "stored");
  }
  await bob.send("After");
  await ada.shows("After", "stored");
  await bob.shows("After", "stored");
  const rows = await readTable(database.url);
  expect(rows.map(({ content }) => content)).toEqual(["Before", "Meanwhile", "After"]);
  for (const chat of [ada, bob]) {
    expect((await chat.messages()).map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  }
});
