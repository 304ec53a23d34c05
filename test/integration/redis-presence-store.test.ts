import { createClient } from "redis";

import { systemClock } from "../../src/lifecycle/clock";
import { placeOf, toPerson } from "../../src/presence/redis-presence-scripts";
import { RedisPresenceStore, type RedisPresenceStoreOptions } from "../../src/presence/redis-presence-store";
import { RedisServer } from "../../src/testing/redis-server";
import { TestClock } from "../../src/testing/test-clock";
import { createRandom } from "../support/random";
import { standStill } from "../support/stand-still";
import { presenceStoreSuite, userOf } from "../support/suites/presence-store-suite";

const KEYS = "{test}:presence:";
const LEASE_MS = 1_200;
const SWEEP_INTERVAL_MS = 100;

let redis: RedisServer;
/** What ends each node that a test has started. */
let endings: (() => Promise<void>)[] = [];
/** Who was reported as gone, by whichever node. */
let gone: string[] = [];
/** Who was reported as back, by the node that was taken for dead. */
let back: string[] = [];
let errors: unknown[] = [];

beforeAll(async () => {
  redis = await RedisServer.start();
});
beforeEach(() => {
  gone = [];
  back = [];
  errors = [];
});
afterEach(async () => {
  redis.resume();
  for (const end of endings) {
    await end();
  }
  endings = [];
  await redis.flush();
});
afterAll(() => redis.stop());

async function startNode(nodeId: string, given: Partial<RedisPresenceStoreOptions> = {}) {
  const client = createClient({ url: redis.url, disableOfflineQueue: true, socket: { reconnectStrategy: 50 } });
  client.on("error", () => {
    // The store is asked whether Redis is there.
  });
  await client.connect();
  const store = new RedisPresenceStore({
    ...{ client, keyPrefix: KEYS, nodeId, clock: systemClock, leaseMs: LEASE_MS, sweepIntervalMs: SWEEP_INTERVAL_MS },
    isAvailable: () => client.isReady,
    onGone: (namespace, room, user) => gone.push(`${namespace} ${room} ${user.userId}`),
    onBack: (namespace, room, user) => back.push(`${namespace} ${room} ${user.userId}`),
    onError: (error) => errors.push(error),
    ...given,
  });
  await store.start();
  endings.push(async () => {
    await store.stop();
    client.destroy();
  });
  return {
    store,
    client,
    add: (userId: string, room = "general", socketId = `${nodeId}-${userId}`) =>
      store.add("/", room, userOf(userId), socketId),
    remove: (userId: string, room = "general", socketId = `${nodeId}-${userId}`) =>
      store.remove("/", room, userId, socketId),
    idsOf: async (room = "general") => (await store.list("/", room, 5_000)).users.map(({ userId }) => userId),
    isPartial: async () => (await store.list("/", "general", 0)).partial,
  };
}

type Node = Awaited<ReturnType<typeof startNode>>;

/** One that never renews its lease, as if its process were gone. */
function startDeadNode(nodeId: string): Promise<Node> {
  return startNode(nodeId, { clock: new TestClock({ isFrozen: true }) });
}

/** From now on its time passes. */
function wake(clock: TestClock): void {
  const timer = setInterval(() => void clock.advance(SWEEP_INTERVAL_MS), SWEEP_INTERVAL_MS);
  endings.push(async () => clearInterval(timer));
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Everybody has noticed that Redis is away or back, and all that follows from it is over. */
async function settled(...nodes: Node[]): Promise<void> {
  for (const node of nodes) {
    await until(async () => !(await node.isPartial()));
  }
}

async function keysInRedis(client: Node["client"]): Promise<string[]> {
  return (await client.keys("*")).toSorted();
}

describe("as any store", () => {
  presenceStoreSuite(async () => (await startNode("a")).store);
});

describe("one node", () => {
  it("leaves nothing of a room that all have left", async () => {
    const a = await startNode("a");
    const before = await keysInRedis(a.client);
    await a.add("alice");
    await a.add("bob", "random");
    await a.remove("alice");
    await a.remove("bob", "random");

    expect(await keysInRedis(a.client)).toEqual(before);
  });

  it("keeps what it writes under its prefix, by namespace and room", async () => {
    const a = await startNode("a");
    await a.add("alice");
    const keys = await keysInRedis(a.client);

    expect(keys).toContain(`${KEYS}people:/ general`);
    expect(keys.filter((key) => !key.startsWith(KEYS))).toEqual([]);
  });

  it("goes on when Redis has forgotten the scripts", async () => {
    const a = await startNode("a");
    await a.add("alice");
    await a.client.scriptFlush();

    expect(await a.add("bob")).toEqual({ isNew: true });
    expect(await a.idsOf()).toEqual(["alice", "bob"]);
    expect(errors).toEqual([]);
  });

  it("reads more rooms than one script does", async () => {
    const a = await startNode("a");
    const names = Array.from({ length: 1_100 }, (_, index) => `room-${String(index).padStart(4, "0")}`);
    await Promise.all(names.map((room) => a.add("alice", room)));

    const all = await a.store.rooms("/", 2_000, () => true);
    const last = await a.store.rooms("/", 2, (room) => room.endsWith("99"), "room-0899");

    expect(all).toEqual({ rooms: names.map((room) => ({ room, count: 1 })), hasMore: false });
    expect(last).toEqual({
      rooms: [
        { room: "room-0999", count: 1 },
        { room: "room-1099", count: 1 },
      ],
      hasMore: false,
    });
  });
});

describe("several nodes", () => {
  it("counts a user's sockets over all of them", async () => {
    const [a, b, c] = [await startNode("a"), await startNode("b"), await startNode("c")];

    expect(await a.add("alice")).toEqual({ isNew: true });
    expect(await b.add("alice")).toEqual({ isNew: false });
    expect(await c.add("bob")).toEqual({ isNew: true });
    expect(await a.remove("alice")).toEqual({ isGone: false });
    expect(await c.idsOf()).toEqual(["alice", "bob"]);
    expect(await b.remove("alice")).toEqual({ isGone: true });
    expect(await a.store.rooms("/", 10, () => true)).toEqual({
      rooms: [{ room: "general", count: 1 }],
      hasMore: false,
    });
  });

  it("says new and gone once, when all add and remove at the same time", async () => {
    const nodes = [await startNode("a"), await startNode("b"), await startNode("c")];
    const userIds = Array.from({ length: 50 }, (_, index) => `user-${index}`);
    const each = <Result>(act: (node: Node, userId: string) => Promise<Result>) =>
      Promise.all(nodes.flatMap((node) => userIds.map((userId) => act(node, userId))));

    const added = await each((node, userId) => node.add(userId));
    const removed = await each((node, userId) => node.remove(userId));

    expect(added.filter(({ isNew }) => isNew)).toHaveLength(50);
    expect(removed.filter(({ isGone }) => isGone)).toHaveLength(50);
    expect(await nodes[0]?.idsOf()).toEqual([]);
  });

  it("reports nobody when a node stops, and removes its people", async () => {
    const [a, b] = [await startNode("a"), await startNode("b")];
    await b.add("alice");
    await a.add("bob");
    await b.store.stop();

    expect(await a.idsOf()).toEqual(["bob"]);
    expect((await keysInRedis(a.client)).filter((key) => key.endsWith(":b"))).toEqual([]);
    // What a sweep would report comes before somebody who dies later.
    await (await startDeadNode("c")).add("carol");
    await until(() => gone.length > 0);
    expect(gone).toEqual(["/ general carol"]);
  });

  it("sweeps a dead node once, whoever sweeps", async () => {
    const [a, b] = [await startNode("a"), await startNode("b")];
    const dead = await startDeadNode("dead");
    const userIds = Array.from({ length: 1_200 }, (_, index) => `user-${String(index).padStart(4, "0")}`);
    await Promise.all(userIds.map((userId) => dead.add(userId)));
    await dead.add("alice");
    await a.add("alice");
    await b.add("bob");

    await until(() => gone.length >= userIds.length);
    await (await startDeadNode("later")).add("zoe");
    await until(() => gone.some((line) => line.endsWith("zoe")));

    expect(gone.toSorted()).toEqual([...userIds, "zoe"].map((userId) => `/ general ${userId}`));
    expect(await a.idsOf()).toEqual(["alice", "bob"]);
    expect(await b.remove("bob")).toEqual({ isGone: true });
  });

  it("keeps the people of a node that renews", async () => {
    const [a, b] = [await startNode("a"), await startNode("b")];
    await b.add("bob");
    // The dead node's lease ends after several of b's would have.
    const dead = await startNode("dead", { clock: new TestClock({ isFrozen: true }), leaseMs: 3 * LEASE_MS });
    await dead.add("carol");

    await until(() => gone.length > 0);

    expect(gone).toEqual(["/ general carol"]);
    expect(await a.idsOf()).toEqual(["bob"]);
  });

  it("reports who was reported as gone as back, and only them, when a swept node comes back", async () => {
    const [a, clock] = [await startNode("a"), new TestClock({ isFrozen: true })];
    const stalled = await startNode("stalled", { clock });
    const userIds = Array.from({ length: 1_100 }, (_, index) => `user-${String(index).padStart(4, "0")}`);
    await Promise.all(userIds.map((userId) => stalled.add(userId)));
    for (const userId of ["leaver", "mover", "twin"]) {
      await stalled.add(userId);
    }
    await a.add("twin");
    await until(() => gone.length === userIds.length + 2);
    expect(await a.idsOf()).toEqual(["twin"]);
    expect(await a.add("mover")).toEqual({ isNew: true });
    await stalled.remove("leaver");
    wake(clock);

    await until(() => back.length >= userIds.length);
    await until(async () => (await a.idsOf()).length === userIds.length + 2);
    // What would be reported too much comes before the next who is reported.
    await (await startDeadNode("later")).add("zoe");
    await until(() => gone.some((line) => line.endsWith("zoe")));
    expect(back.toSorted()).toEqual(userIds.map((userId) => `/ general ${userId}`));
    await until(async () => !(await stalled.isPartial()));
    expect(await stalled.remove("user-0000")).toEqual({ isGone: true });
    expect(await stalled.remove("mover")).toEqual({ isGone: false });
  });

  it("reports somebody as back also when the report before was lost", async () => {
    const clock = new TestClock({ isFrozen: true });
    await startNode("a");
    let isDeaf = true;
    const stalled = await startNode("stalled", {
      clock,
      onBack(_namespace, _room, { userId }) {
        if (isDeaf) {
          isDeaf = false;
          throw new Error("lost");
        }
        back.push(userId);
      },
    });
    await stalled.add("alice");
    await until(() => gone.length === 1);
    await clock.advance(LEASE_MS / 2);
    await until(() => !isDeaf);
    await clock.advance(LEASE_MS / 2);

    await until(() => back.length > 0);
    expect(back).toEqual(["alice"]);
  });
});

it("rebuilds nothing where nothing is damaged, whoever comes, goes, dies and comes back", async () => {
  const clock = new TestClock({ isFrozen: true });
  const [a, b] = [await startNode("a"), await startNode("b")];
  const [stalled, dead] = [await startNode("stalled", { clock }), await startDeadNode("dead")];
  const random = createRandom(7);
  const act = (nodes: Node[]): Promise<unknown>[] =>
    Array.from({ length: 500 }, () => {
      const node = nodes[Math.floor(random() * nodes.length)] as Node;
      const [userId, room] = [`user-${Math.floor(random() * 30)}`, `room-${Math.floor(random() * 5)}`];
      const what = random();
      return what < 0.4 ? node.add(userId, room) : what < 0.8 ? node.remove(userId, room) : node.idsOf(room);
    });
  await Promise.all(act([a, b, stalled, dead]));
  await dead.add("dave");
  await until(() => gone.includes("/ general dave"));
  await Promise.all(act([a, b]));
  wake(clock);
  await until(async () => !(await stalled.isPartial()));
  await Promise.all(act([a, b, stalled]));
  await stalled.store.stop();
  await Promise.all(act([a, b]));

  expect(await a.client.zCard(`${KEYS}rebuilds`)).toBe(0);
  for (const room of ["room-0", "room-1", "room-2", "room-3", "room-4"]) {
    expect(await a.idsOf(room)).toEqual(await b.idsOf(room));
  }
  expect(errors).toEqual([]);
});

describe("a Redis that is emptied", () => {
  it("gets the live sockets again, and nobody is gone or new", async () => {
    const [a, b] = [await startNode("a"), await startNode("b")];
    await a.add("alice");
    await b.add("alice");
    await b.add("bob");
    await a.idsOf();
    await redis.flush();

    // Before anybody has renewed: what each node knows must do.
    expect(await a.add("alice", "general", "second")).toEqual({ isNew: false });
    expect(await a.add("bob")).toEqual({ isNew: false });
    await settled(a, b);

    expect(await a.idsOf()).toEqual(["alice", "bob"]);
    expect(await b.idsOf()).toEqual(["alice", "bob"]);
    expect(await b.remove("bob")).toEqual({ isGone: false });
    expect(await a.remove("bob")).toEqual({ isGone: true });
    expect(gone).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("is noticed at a renewal, without any change", async () => {
    const [a, b] = [await startNode("a"), await startNode("b")];
    const userIds = Array.from({ length: 1_100 }, (_, index) => `user-${String(index).padStart(4, "0")}`);
    await Promise.all(userIds.map((userId) => a.add(userId)));
    await redis.flush();

    await until(async () => (await b.idsOf()).length === userIds.length);
    expect(await b.idsOf()).toEqual(userIds);
  });
});

describe("a Redis that holds an older state", () => {
  it("loses the people that its node does not have", async () => {
    const a = await startNode("a");
    await a.add("alice");
    await a.client.sAdd(`${KEYS}places:a`, placeOf("/", "general", "ghost"));
    await a.client.hSet(`${KEYS}holders:/ general`, toPerson("ghost"), "a");
    await a.client.hSet(`${KEYS}users:/ general`, toPerson("ghost"), JSON.stringify(userOf("ghost")));
    await a.client.zAdd(`${KEYS}people:/ general`, { score: 0, value: toPerson("ghost") });
    expect(await a.idsOf()).toEqual(["alice", "ghost"]);

    await until(async () => (await a.client.sCard(`${KEYS}places:a`)) === 1);
    await settled(a);
    expect(await a.idsOf()).toEqual(["alice"]);

    expect(await a.remove("alice")).toEqual({ isGone: true });
  });
});

describe("a Redis that is away", () => {
  it("answers from what is known, and throws nothing", async () => {
    const [a, b] = [await startNode("a"), await startNode("b")];
    await a.add("alice");
    await b.add("bob");
    await a.idsOf();
    await redis.kill();

    expect(await a.add("carol")).toEqual({ isNew: true });
    expect(await a.add("carol", "general", "second")).toEqual({ isNew: false });
    expect(await a.add("bob")).toEqual({ isNew: false });
    expect(await a.remove("bob")).toEqual({ isGone: false });
    expect(await a.remove("carol")).toEqual({ isGone: false });
    expect(await a.remove("carol", "general", "second")).toEqual({ isGone: true });
    expect(await a.store.list("/", "general", 100)).toEqual({ users: [userOf("alice")], count: 1, partial: true });
    expect(await a.store.rooms("/", 10, () => true)).toEqual({
      rooms: [{ room: "general", count: 1 }],
      hasMore: false,
    });

    await redis.restart();
  });

  it("starts and stops without it", async () => {
    const isAvailable = { now: false };
    const a = await startNode("a", { isAvailable: () => isAvailable.now });
    expect(await a.add("alice")).toEqual({ isNew: true });
    expect(await a.isPartial()).toBe(true);

    const b = await startNode("b");
    isAvailable.now = true;
    await until(async () => (await b.idsOf()).includes("alice"));
    isAvailable.now = false;
    await a.store.stop();
    expect(await a.remove("alice")).toEqual({ isGone: true });
  });

  it("is in agreement again after a restart, and nobody was reported", async () => {
    const [a, b] = [await startNode("a"), await startNode("b")];
    const dead = await startDeadNode("dead");
    await a.add("alice");
    await a.add("leaver");
    await b.add("bob");
    await dead.add("dave");
    await redis.kill();
    await a.remove("leaver");
    await b.add("carol");
    await until(async () => (await a.isPartial()) && (await b.isPartial()));
    await redis.restart();

    await settled(a, b);
    expect(await a.idsOf()).toEqual(["alice", "bob", "carol"]);
    expect(await b.idsOf()).toEqual(["alice", "bob", "carol"]);
    // The sweeps that would have reported somebody are over when they report the next dead node's people.
    await (await startDeadNode("later")).add("zoe");
    await until(() => gone.length > 0);
    expect(gone).toEqual(["/ general zoe"]);
  });

  it("is told by its owner that Redis is back", async () => {
    // No timer of this node runs: only what it is told makes it write.
    const a = await startDeadNode("a");
    await a.add("alice");
    await redis.kill();
    await until(() => !a.client.isReady);
    await a.add("bob");
    await redis.restart();
    await until(() => a.client.isReady);

    await a.store.restored();

    const members = await a.client.sMembers(`${KEYS}places:a`);
    expect(members).toHaveLength(2);
    expect(await a.idsOf()).toEqual(["alice", "bob"]);
  });

  it("lists every room of its own while it writes them again", async () => {
    const a = await startNode("a");
    for (let index = 0; index < 1_100; index += 1) {
      await a.add("alice", `room-${index}`);
    }
    await redis.flush();
    let isRestored = false;
    const restored = a.store.restored().then(() => {
      isRestored = true;
    });
    do {
      expect((await a.store.rooms("/", 2_000, () => true)).rooms).toHaveLength(1_100);
      await new Promise((resolve) => setImmediate(resolve));
    } while (!isRestored);
    await restored;
  });

  it("does not take its node's own standstill for silence", async () => {
    const a = await startNode("a");
    await a.add("alice");
    const asked = a.store.list("/", "general", 10);
    // Longer than an answer may take.
    standStill(2_000);

    expect(await asked).toMatchObject({ count: 1, partial: false });
    expect(errors).toEqual([]);
  });

  it("waits a second for a paused one, and then no more", async () => {
    const clock = new TestClock({ isFrozen: true });
    const [a, b] = [await startNode("a", { clock }), await startNode("b")];
    const dead = await startDeadNode("dead");
    await a.add("alice");
    await b.add("bob");
    await dead.add("dave");
    const pausedAtMs = performance.now();
    redis.pause();

    let answer: object | undefined;
    void a.add("carol").then((answered) => {
      answer = answered;
    });
    await clock.advance(900);
    expect(answer).toBeUndefined();
    await until(async () => {
      await clock.advance(100);
      return answer !== undefined;
    });
    expect(answer).toEqual({ isNew: true });
    // None of the three waits again: the clock stands still, and a wait would have no end.
    expect(await a.add("erin")).toEqual({ isNew: true });
    expect(await a.remove("erin")).toEqual({ isGone: true });
    expect(await a.isPartial()).toBe(true);
    expect(errors.length).toBeGreaterThan(0);

    // Every lease has run out by the time that it goes on, also those of the living.
    await until(() => performance.now() - pausedAtMs > 2 * LEASE_MS);
    const resumedAtMs = performance.now();
    redis.resume();
    await until(async () => {
      await clock.advance(20);
      return gone.length > 0;
    });

    expect(gone).toEqual(["/ general dave"]);
    expect(performance.now() - resumedAtMs).toBeGreaterThan(LEASE_MS);
    await until(async () => {
      await clock.advance(20);
      return !(await a.isPartial());
    });
    await settled(b);
    expect(await b.idsOf()).toEqual(["alice", "bob", "carol"]);
  });
});
