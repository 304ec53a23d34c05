import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

import { OUTBOX_CHANNEL } from "../../src/database/migrations/drain-outbox";
import { type Clock, systemClock } from "../../src/lifecycle/clock";
import { OutboxListener } from "../../src/outbox/outbox-listener";
import { TestClock } from "../../src/testing/test-clock";
import { createTestDatabase, queryRows, type TestDatabase } from "../../src/testing/test-database";

let database: TestDatabase;
let listener: OutboxListener | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => listener?.stop());
afterAll(() => database.drop());

/** A listener, and what it has reported so far; `happened` resolves when there is something new. */
function setup({ url = database.url, clock = systemClock }: { url?: string; clock?: Clock } = {}) {
  const reports: string[] = [];
  let notice = (): void => {};
  const report = (what: string): void => {
    reports.push(what);
    notice();
  };
  listener = new OutboxListener({
    ...{ url, channel: OUTBOX_CHANNEL, connectTimeoutMs: 500, clock, random: () => 0 },
    onWake: () => report("wake"),
    onDown: () => report("down"),
    notify: (name) => queryRows(database.url, "SELECT pg_notify($1, '')", [name]),
  });
  const until = async (expected: string[]): Promise<void> => {
    while (reports.length < expected.length) {
      await new Promise<void>((resolve) => {
        notice = resolve;
      });
    }
    expect(reports).toEqual(expected);
  };
  return { listener, reports, until };
}

const notify = () => queryRows(database.url, `NOTIFY ${OUTBOX_CHANNEL}`);
const cut = () =>
  queryRows(
    database.url,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'roomful outbox' AND datname = current_database()",
  );

it("wakes when it has begun to listen, and at each notification", async () => {
  const { listener, until } = setup();
  await listener.start();
  await until(["wake"]);
  await notify();

  await until(["wake", "wake"]);
});

it("comes back when its connection was cut, and wakes, since it may have missed something", async () => {
  const { listener, until } = setup();
  await listener.start();
  await cut();
  await until(["wake", "down", "wake"]);
  await notify();
  await until(["wake", "down", "wake", "wake"]);
  await cut();

  await until(["wake", "down", "wake", "wake", "down", "wake"]);
});

/** What stands between the listener and Postgres: it refuses connections, or hands on what they say, or falls silent. */
async function startProxy() {
  const { hostname, port } = new URL(database.url);
  const sockets: Socket[] = [];
  let mode: "refusing" | "open" | "silent" = "refusing";
  const proxy = createServer((near) => {
    sockets.push(near);
    near.on("error", () => {});
    if (mode === "refusing") {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    far.on("error", () => {});
    sockets.push(far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("data", (chunk) => mode === "open" && to.write(chunk));
      from.on("close", () => to.destroy());
    }
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const url = new URL(database.url);
  url.host = `127.0.0.1:${(proxy.address() as { port: number }).port}`;
  return {
    url: url.href,
    sockets,
    set(next: typeof mode) {
      mode = next;
    },
    refused: () => once(proxy, "connection"),
    close() {
      for (const socket of sockets) {
        socket.destroy();
      }
      proxy.close();
    },
  };
}

it("starts without Postgres, says so once, and listens when it is there", async () => {
  const proxy = await startProxy();
  try {
    const { listener, reports, until } = setup({ url: proxy.url });
    await listener.start();
    while (proxy.sockets.length < 3) {
      await proxy.refused();
    }
    expect(reports).toEqual(["down"]);
    proxy.set("open");
    await until(["down", "wake"]);
    await notify();

    await until(["down", "wake", "wake"]);
    await listener.stop();
    await listener.stop();
  } finally {
    proxy.close();
  }
});

it("finds out that its connection has died without a word", async () => {
  const proxy = await startProxy();
  proxy.set("open");
  const clock = new TestClock();
  try {
    const { listener, until } = setup({ url: proxy.url, clock });
    await listener.start();
    await until(["wake"]);
    proxy.set("silent");
    await notify();
    await clock.advance(5_000);
    await until(["wake", "down"]);
    proxy.set("open");

    await until(["wake", "down", "wake"]);
  } finally {
    proxy.close();
  }
});

it("does not come back after it was stopped", async () => {
  const { listener, reports } = setup();
  await listener.start();
  await listener.stop();
  await notify();

  expect(await cut()).toEqual([]);
  expect(reports).toEqual(["wake"]);
});
