import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";

import { systemClock } from "../../src/lifecycle/clock";
import { createConnectionFactory } from "../../src/redis/create-connection";
import { RedisLink } from "../../src/redis/redis-link";
import { createRedisNames } from "../../src/redis/redis-names";
import { RedisServer } from "../../src/testing/redis-server";
import { standStill } from "../support/stand-still";

/** Above what a node may be silent. */
const STANDSTILL_MS = 3_000;

const NAMES = createRedisNames("test");

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

async function startLink(nodeId: string, url = redis.url) {
  const changes: string[] = [];
  const faults: string[] = [];
  const link = new RedisLink({
    ...{ nodeId, names: NAMES, clock: systemClock, random: Math.random },
    connections: createConnectionFactory(url, NAMES),
    onDown: () => changes.push("down"),
    onUp: () => changes.push("up"),
    onFault: (reason) => faults.push(reason),
  });
  links.push(link);
  await link.start();
  return { link, changes, faults };
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
    standStill(STANDSTILL_MS);
    expect(link.isUp).toBe(true);
    link.publisher.publish("news", `after ${round}`);
    await until(() => heard.includes(`after ${round}`));
  }

  expect(changes).toEqual(["up"]);
});

it("notices a Redis that has stopped, after a standstill too, and that it goes on", async () => {
  const { link, changes } = await startLink("a");
  redis.pause();
  standStill(STANDSTILL_MS);
  await until(() => !link.isUp);
  expect(changes).toEqual(["up", "down"]);

  redis.resume();
  await until(() => link.isUp);
  expect(changes).toEqual(["up", "down", "up"]);
});

/** A server of the test's own, so that the others find theirs as it was. */
async function withServer(use: (server: RedisServer) => Promise<void>): Promise<void> {
  const server = await RedisServer.start();
  try {
    await use(server);
  } finally {
    await Promise.all(links.map((link) => link.stop()));
    links = [];
    await server.stop();
  }
}

it.each<[string, (server: RedisServer) => Promise<unknown>, (server: RedisServer) => Promise<unknown>]>([
  ["READONLY", (server) => server.ask("REPLICAOF", "127.0.0.1", "1"), (server) => server.ask("REPLICAOF", "NO", "ONE")],
  [
    "MASTERDOWN",
    async (server) => {
      await server.ask("CONFIG", "SET", "replica-serve-stale-data", "no");
      await server.ask("REPLICAOF", "127.0.0.1", "1");
    },
    (server) => server.ask("REPLICAOF", "NO", "ONE"),
  ],
  [
    "NOPERM",
    (server) => server.ask("ACL", "SETUSER", "default", "-eval"),
    (server) => server.ask("ACL", "SETUSER", "default", "+eval"),
  ],
  [
    "NOPERM",
    (server) => server.ask("ACL", "SETUSER", "default", "resetchannels"),
    (server) => server.ask("ACL", "SETUSER", "default", "allchannels"),
  ],
])("names %s on a connection that lives, and is back with a new one", async (code, refuse, allow) => {
  await withServer(async (server) => {
    const { link, changes, faults } = await startLink("a", server.url);
    expect(link.trouble).toBeUndefined();
    await refuse(server);
    await until(() => faults.some((fault) => fault.includes(`Redis refuses: ${code} (`)));
    expect([link.isUp, link.trouble]).toEqual([false, faults.at(-1)]);

    await allow(server);
    await until(() => link.isUp);
    expect(changes).toEqual(["up", "down", "up"]);
  });
});

it("names OOM, and goes on to carry messages", async () => {
  await withServer(async (server) => {
    const { link, faults } = await startLink("a", server.url);
    const heard: string[] = [];
    link.subscriber.subscribe("news", (message) => heard.push(message.toString()));
    await server.ask("CONFIG", "SET", "maxmemory", "1");
    await until(() => !link.isUp);
    expect([link.canPublish, link.trouble]).toEqual([true, expect.stringContaining("Redis refuses: OOM (")]);
    link.publisher.publish("news", "all the same");
    await until(() => heard.length > 0);
    expect(faults).toHaveLength(1);

    await server.ask("CONFIG", "SET", "maxmemory", "0");
    await until(() => link.isUp);
  });
});

it.each([
  ["NOAUTH", (url: string) => url],
  ["WRONGPASS", (url: string) => url.replace("//", "//:wrong@")],
])("names %s at the start", async (code, urlOf) => {
  await withServer(async (server) => {
    await server.ask("CONFIG", "SET", "requirepass", "right");
    const { link, faults } = await startLink("a", urlOf(server.url));

    expect(link.isUp).toBe(false);
    expect(faults).toEqual([expect.stringContaining(`Redis refuses: ${code} (`)]);
  });
});

it("names a server that does not speak TLS, and one that does", async () => {
  const plain = await startLink("a", redis.url.replace("redis:", "rediss:"));
  await until(() => plain.faults.some((fault) => fault.includes("does it speak TLS (redis:// does not)?")));

  const secure = createServer();
  secure.listen(0, "127.0.0.1");
  await once(secure, "listening");
  const { faults } = await startLink("a", `redis://127.0.0.1:${(secure.address() as AddressInfo).port}`);
  await until(() => faults.some((fault) => fault.includes("does it want TLS (rediss://)?")));
  secure.close();
});

it("makes a new connection when another node is on the roll and not heard", async () => {
  await withServer(async (server) => {
    const { link, faults } = await startLink("a", server.url);
    await startLink("b", server.url);
    const { rollKey, probeChannel } = NAMES;
    await until(() => link.isUp && !link.isDegraded);
    // As a node whose probes are lost on their way here.
    const calling = setInterval(() => void server.ask("ZADD", rollKey, String(Date.now() + 60_000), "mute"), 500);
    await until(() => faults.length > 0);
    clearInterval(calling);
    expect(faults).toEqual(["Redis: probes do not arrive here"]);

    await server.ask("PUBLISH", probeChannel, "mute bye");
    await server.ask("DEL", rollKey);
    await until(() => link.isUp);
  });
});
