import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "redis";

import type { RoomEmitter } from "../../src/broadcast/room-emitter";
import { type Clock, systemClock } from "../../src/lifecycle/clock";
import { PresenceTracker } from "../../src/presence/presence-tracker";
import { toPerson } from "../../src/presence/redis-presence-scripts";
import { RedisPresenceStore } from "../../src/presence/redis-presence-store";
import { RedisServer } from "../../src/testing/redis-server";
import { userOf } from "../support/suites/presence-store-suite";

/** Long, so that no node is taken for dead on a machine that is busy with all cases at once. */
const LEASE_MS = 12_000;
/** A busy machine may need longer for all cases at once than a node waits for an answer of Redis. */
const PATIENT_CLOCK: Clock = {
  ...systemClock,
  setTimer: (callback, delayMs) => systemClock.setTimer(callback, 50 * delayMs),
};

let redis: RedisServer;
type Client = Awaited<ReturnType<typeof connect>>;

beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

async function connect() {
  const client = createClient({ url: redis.url, disableOfflineQueue: true });
  client.on("error", () => {
    // What is asked of it rejects too.
  });
  await client.connect();
  return client;
}

/** The kinds of keys as the scripts' own documentation lists them. */
function keysInDoc(): string[] {
  const source = readFileSync(join(process.cwd(), "src/presence/redis-presence-lua.ts"), "utf8");
  const doc = source.slice(0, source.indexOf("*/"));
  return [...doc.matchAll(/`(\w+(?::<[^`]+>)?)`(?=: |\s\()/g)].map(([, name = ""]) => name);
}

/** Each kind of key; those of a node once for each node. */
const NAMES = keysInDoc().flatMap((kind) => {
  const name = kind.replace("<namespace>", "/").replace("<room>", "general");
  return [...new Set(["a", "b"].map((node) => name.replace("<node>", node)))];
});

/** What is done to a key. */
const DAMAGES: Record<string, (client: Client, key: string) => Promise<unknown>> = {
  deleted: (client, key) => client.del(key),
  async "written over by a text"(client, key) {
    await client.set(key, "poison");
  },
  async "written over by a list"(client, key) {
    await client.multi().del(key).rPush(key, "poison").exec();
  },
  async "poisoned inside"(client, key) {
    const kind = await client.type(key);
    if (kind === "hash") {
      for (const field of [...(await client.hKeys(key)), "poison"]) {
        await client.hSet(key, field, '{"userId":');
      }
    } else if (kind === "zset") {
      await client.zAdd(key, [
        { score: 5, value: "poison" },
        { score: 7, value: toPerson("alice") },
      ]);
    } else if (kind === "set") {
      await client.sAdd(key, "poison");
    } else {
      // A text that never ends.
      await client.set(key, "poison");
    }
  },
  async "cut by half"(client, key) {
    const kind = await client.type(key);
    if (kind === "hash") {
      await client.hDel(key, (await client.hKeys(key)).slice(1));
    } else if (kind === "zset") {
      await client.zRemRangeByRank(key, 0, 0);
    } else if (kind === "set") {
      await client.sPop(key);
    }
  },
};

/** Two nodes with people in one room: alice on one, bob on the other, twin on both. */
async function startCase(keyPrefix: string) {
  const told: string[] = [];
  const emitter: Pick<RoomEmitter, "emit"> = {
    emit(_room, event, payload) {
      if (event === "user_joined" || event === "user_left") {
        told.push(`${event} ${(payload as { userId: string }).userId}`);
      } else if (event === "presence_changed") {
        const { joined, left } = payload as { joined: { userId: string }[]; left: string[] };
        told.push(...joined.map(({ userId }) => `user_joined ${userId}`), ...left.map((id) => `user_left ${id}`));
      }
    },
  };
  const nodes = [];
  for (const nodeId of ["a", "b"]) {
    const client = await connect();
    const store = new RedisPresenceStore({
      ...{ client, keyPrefix, nodeId, clock: PATIENT_CLOCK, leaseMs: LEASE_MS, sweepIntervalMs: LEASE_MS / 10 },
      isAvailable: () => client.isReady,
      onGone: (_namespace, _room, { userId }) => told.push(`gone ${userId}`),
      onBack: (_namespace, _room, { userId }) => told.push(`back ${userId}`),
      onError: (error) => told.push(String(error)),
    });
    await store.start();
    const tracker = new PresenceTracker({
      ...{ namespace: "/", store, emitter, clock: systemClock, locale: "en" },
      config: {
        ...{ maxListed: 100, maxStepsPerSecond: 0, graceMs: 0, batchIntervalMs: 250 },
        ...{ joinedTemplate: undefined, leftTemplate: undefined },
      },
      tipOf: () => 0,
      makeId: () => "id",
      onError: (error) => told.push(String(error)),
    });
    nodes.push({
      ...{ client, store, tracker },
      join: (userId: string) => tracker.track("general", userOf(userId), `${nodeId}-${userId}`),
      leave: (userId: string) => tracker.untrack("general", userOf(userId), `${nodeId}-${userId}`, "left"),
      async isRight(userIds: string[]) {
        const { users, count, partial } = await tracker.list("general");
        const { rooms } = await tracker.rooms(undefined, () => true, 100);
        return (
          !partial &&
          count === userIds.length &&
          users.map(({ userId }) => userId).join() === userIds.join() &&
          rooms.map(({ room, count: of }) => `${room} ${of}`).join() === `general ${userIds.length}`
        );
      },
    });
  }
  const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
  await a.join("alice");
  await a.join("twin");
  await b.join("bob");
  await b.join("twin");
  return {
    ...{ a, b, told },
    async stop() {
      for (const { tracker, store, client } of [a, b]) {
        await tracker.stop();
        await store.stop();
        client.destroy();
      }
    },
  };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

it("lists every kind of key that there is", async () => {
  const { b, stop } = await startCase("kinds:");
  const keys = await b.client.keys("kinds:*");
  await stop();

  expect(keys.map((key) => key.slice("kinds:".length)).filter((name) => !NAMES.includes(name))).toEqual([]);
  expect(NAMES.length).toBeGreaterThanOrEqual(16);
});

it("is right again by itself whatever key is damaged, and tells nobody what is not so", async () => {
  const cases = Object.entries(DAMAGES).flatMap(([how, damage]) => NAMES.map((name) => ({ how, damage, name })));
  const found = await Promise.all(
    cases.map(async ({ how, damage, name }) => {
      const prefix = `${how} ${name}:`;
      const { a, b, told, stop } = await startCase(prefix);
      try {
        told.length = 0;
        await damage(a.client, prefix + name);

        // Whatever is asked first finds it.
        const answers = await Promise.allSettled([b.tracker.list("general"), a.leave("twin"), a.join("carol")]);
        await b.leave("bob");
        const right = ["alice", "carol", "twin"];
        await until(async () => (await a.isRight(right)) && (await b.isRight(right)));
        await until(async () => told.length >= 2);
        await Promise.all([a.tracker.settled(), b.tracker.settled()]);
        return [how, name, answers.map(({ status }) => status), told.toSorted()];
      } finally {
        await stop();
      }
    }),
  );

  const all = ["fulfilled", "fulfilled", "fulfilled"];
  expect(found).toEqual(cases.map(({ how, name }) => [how, name, all, ["user_joined carol", "user_left bob"]]));
});
