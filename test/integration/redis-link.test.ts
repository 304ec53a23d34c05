import { systemClock } from "../../src/lifecycle/clock";
import { RedisLink } from "../../src/redis/redis-link";
import { RedisServer } from "../../src/testing/redis-server";

/** Above what a node may be silent. */
const STANDSTILL_MS = 3_000;

let redis: RedisServer;
let links: RedisLink[] = [];
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterEach(async () => {
  redis.resume();
  await Promise.all(links.map((link) => link.stop()));
  links = [];
});
afterAll(() => redis.stop());

async function startLink(nodeId: string) {
  const changes: string[] = [];
  const link = new RedisLink({
    ...{ url: redis.url, nodeId, probeChannel: "probe", clock: systemClock, random: Math.random },
    onDown: () => changes.push("down"),
    onUp: () => changes.push("up"),
    onError: (error) => changes.push(String(error)),
  });
  links.push(link);
  await link.start();
  return { link, changes };
}

/** As a long computation does: nothing is read and no timer fires meanwhile. */
function standStill(): void {
  for (const endMs = performance.now() + STANDSTILL_MS; performance.now() < endMs; ) {
    // Busy.
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it("does not take its own standstill for a loss", async () => {
  const { link, changes } = await startLink("a");
  const heard: string[] = [];
  link.subscriber.subscribe("news", (message) => heard.push(message.toString()));
  // Three times, so that it begins before, between and behind probes and their echoes.
  for (let round = 1; round <= 3; round += 1) {
    await until(() => {
      link.publisher.publish("news", `before ${round}`);
      return heard.includes(`before ${round}`);
    });
    standStill();
    expect(link.isUp).toBe(true);
    link.publisher.publish("news", `after ${round}`);
    await until(() => heard.includes(`after ${round}`));
  }

  expect(changes).toEqual(["up"]);
});

it("notices a Redis that has stopped, after a standstill too, and that it goes on", async () => {
  const { link, changes } = await startLink("a");
  redis.pause();
  standStill();
  await until(() => !link.isUp);
  expect(changes).toEqual(["up", "down"]);

  redis.resume();
  await until(() => link.isUp);
  expect(changes).toEqual(["up", "down", "up"]);
});
