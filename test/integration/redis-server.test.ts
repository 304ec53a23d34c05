import { access } from "node:fs/promises";
import { createClient } from "redis";

import { findRedisServer } from "../../src/testing/redis-binary";
import { RedisServer } from "../../src/testing/redis-server";

let server: RedisServer;
beforeEach(async () => {
  server = await RedisServer.start();
  // The first of a machine fetches packages.
}, 180_000);
afterEach(() => server.stop());

/** Runs `use` with a client of its own, which gives up at the first error. */
async function withClient<Result>(use: (client: ReturnType<typeof connectTo>) => Promise<Result>): Promise<Result> {
  const client = connectTo(server.url);
  try {
    await client.connect();
    return await use(client);
  } finally {
    client.destroy();
  }
}

function connectTo(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on("error", () => {
    // The call that fails says it too.
  });
  return client;
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    // No such process.
    return false;
  }
};

it("answers, keeps nothing on disk, and is gone when it is stopped", async () => {
  const { pid } = server;
  await withClient(async (client) => {
    expect(await client.ping()).toBe("PONG");
    expect(await client.configGet(["save", "appendonly", "bind"])).toEqual({
      save: "",
      appendonly: "no",
      bind: "127.0.0.1",
    });
    const { dir } = await client.configGet("dir");
    await server.stop();
    await expect(access(dir ?? "")).rejects.toThrow("ENOENT");
  });

  expect(isRunning(pid)).toBe(false);
});

it("is killed at once, and comes back empty at the same address", async () => {
  const { pid, url } = server;
  await withClient((client) => client.set("kept", "no"));

  await server.kill();

  expect(isRunning(pid)).toBe(false);
  expect(() => server.pid).toThrow("not running");
  await expect(withClient((client) => client.ping())).rejects.toThrow("ECONNREFUSED");

  await server.restart();

  expect(server.url).toBe(url);
  expect(server.pid).not.toBe(pid);
  expect(await withClient((client) => client.get("kept"))).toBeNull();
});

it("restarts while it runs", async () => {
  const { pid } = server;

  await server.restart();

  expect(isRunning(pid)).toBe(false);
  expect(await withClient((client) => client.ping())).toBe("PONG");
});

it("does not answer while it is paused, and answers what waited after it", async () => {
  await withClient(async (client) => {
    await client.set("kept", "yes");
    server.pause();
    let isAnswered = false;
    const answer = client.get("kept").finally(() => {
      isAnswered = true;
    });
    // A whole other server starts and answers in the meantime.
    const other = await RedisServer.start();
    await other.flush();
    await other.stop();
    expect(isAnswered).toBe(false);

    server.resume();

    expect(await answer).toBe("yes");
  });
});

it("can be killed while it is paused", async () => {
  server.pause();

  await server.kill();
  await server.restart();

  expect(await withClient((client) => client.ping())).toBe("PONG");
});

it("is emptied by a flush, which fails when nothing runs", async () => {
  await withClient((client) => client.set("kept", "no"));

  await server.flush();

  expect(await withClient((client) => client.dbSize())).toBe(0);
  await server.kill();
  await expect(server.flush()).rejects.toThrow("ECONNREFUSED");
});

it("starts several at once, each at an address of its own", async () => {
  const others = await Promise.all([RedisServer.start(), RedisServer.start(), RedisServer.start()]);

  const urls = new Set([server, ...others].map(({ url }) => url));
  await Promise.all(others.map((other) => other.stop()));

  expect(urls.size).toBe(4);
});

describe("where REDIS_SERVER_BIN is set", () => {
  const before = process.env["REDIS_SERVER_BIN"];
  afterEach(() => {
    if (before === undefined) {
      delete process.env["REDIS_SERVER_BIN"];
    } else {
      process.env["REDIS_SERVER_BIN"] = before;
    }
  });

  it("takes that program, and no other", async () => {
    process.env["REDIS_SERVER_BIN"] = process.execPath;
    expect(await findRedisServer()).toBe(process.execPath);

    process.env["REDIS_SERVER_BIN"] = "/nowhere/redis-server";
    await expect(RedisServer.start()).rejects.toThrow("REDIS_SERVER_BIN names /nowhere/redis-server");
  });

  it("says what a program printed that does not become ready", async () => {
    process.env["REDIS_SERVER_BIN"] = process.execPath;
    await expect(RedisServer.start()).rejects.toThrow(/ended while it started:[\s\S]*bad option/);
  });
});
