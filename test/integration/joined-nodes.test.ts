import { createConfig } from "../../src";
import { joinNodes } from "../../src/joined-nodes";
import type { Logger } from "../../src/observability/logger";
import { RedisServer } from "../../src/testing/redis-server";

let redis: RedisServer;
let lines: string[];
beforeAll(async () => {
  redis = await RedisServer.start();
});
beforeEach(() => {
  lines = [];
});
afterAll(() => redis.stop());

/** Joins, and answers when Redis was asked about its memory; each line is a level and a text. */
async function joinTo(url: string): Promise<void> {
  const log = (level: string) => (_fields: unknown, text: string) => lines.push(`${level} ${text}`);
  const { services } = joinNodes({
    config: createConfig({
      redis: { url },
      database: { url: "postgres://unused" },
      jwt: { secret: ["s".repeat(40)] },
    }),
    deploymentId: "test",
    // Of a logger, it uses these alone.
    logger: { debug: log("debug"), info: () => {}, warn: log("warn") } as unknown as Logger,
    random: Math.random,
    onGap() {},
    catchUp: async () => {},
    onAccessChange() {},
    onRoomsChange() {},
    onDisconnect() {},
    onGone() {},
    onBack() {},
    onError() {},
  });
  for (const service of services) {
    await service.start();
  }
  for (const service of services.toReversed()) {
    await service.stop();
  }
}

it("warns of a Redis that may evict keys, and of no other", async () => {
  await joinTo(redis.url);
  expect(lines).toEqual([]);

  await redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
  await joinTo(redis.url);
  expect(lines).toEqual(["warn Redis may evict keys that nodes need: set its maxmemory-policy to noeviction"]);
});

it("says at debug when it may not ask", async () => {
  await redis.ask("ACL", "SETUSER", "quiet", "on", ">secret", "allkeys", "allchannels", "+@all", "-info");
  await joinTo(redis.url.replace("//", "//quiet:secret@"));

  expect(lines).toContain("debug Redis does not say what it does when its memory is full");
});
