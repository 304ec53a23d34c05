import type { RoomEmitter } from "../../../src/broadcast/room-emitter";
import type { User } from "../../../src/contract/events";
import { MemoryPresenceStore } from "../../../src/presence/memory-presence-store";
import { PresenceTracker, type PresenceTrackerOptions } from "../../../src/presence/presence-tracker";
import { TestClock } from "../../../src/testing/test-clock";
import { userOf } from "../../support/suites/presence-store-suite";

interface Step {
  room: string;
  userId: string;
  count: number;
  users: User[];
}

/** Answers its calls when it is let, and fails when it is told to. */
class SlowStore extends MemoryPresenceStore {
  readonly calls: string[] = [];
  failure: Error | undefined;
  /** Other nodes cannot be asked. */
  isPartial = false;
  private waiting: (() => void)[] | undefined;
  private held: string[] = [];

  /** From now on calls of these names wait until `release`. */
  hold(...names: string[]): void {
    this.waiting = [];
    this.held = names;
  }

  release(): void {
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const resolve of waiting) {
      resolve();
    }
  }

  override async add(...args: Parameters<MemoryPresenceStore["add"]>) {
    await this.enter("add");
    return super.add(...args);
  }

  override async remove(...args: Parameters<MemoryPresenceStore["remove"]>) {
    await this.enter("remove");
    return super.remove(...args);
  }

  override async list(...args: Parameters<MemoryPresenceStore["list"]>) {
    await this.enter("list");
    return { ...(await super.list(...args)), partial: this.isPartial };
  }

  private async enter(name: string): Promise<void> {
    this.calls.push(name);
    if (this.failure) {
      throw this.failure;
    }
    const { waiting } = this;
    if (waiting && this.held.includes(name)) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }
}

function setup({ config, ...options }: Partial<Pick<PresenceTrackerOptions, "config" | "locale">> = {}) {
  const clock = new TestClock({ isFrozen: true });
  const store = new SlowStore();
  const emitted: unknown[][] = [];
  const emitter: Pick<RoomEmitter, "emit"> = { emit: (...args) => emitted.push(args) };
  const errors: unknown[] = [];
  let ids = 0;
  const tracker = new PresenceTracker({
    ...{ namespace: "/", store, emitter, clock, locale: "en" },
    config: {
      ...{ maxListed: 100, maxStepsPerSecond: 0, graceMs: 5_000, batchIntervalMs: 250 },
      ...{ joinedTemplate: undefined, leftTemplate: undefined },
      ...config,
    },
    tipOf: (room) => (room === "general" ? 41 : 0),
    makeId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    onError: (error) => errors.push(error),
    ...options,
  });
  const track = (userId: string, { room = "general", socketId = `socket-${userId}` } = {}) =>
    tracker.track(room, userOf(userId), socketId);
  const untrack = (userId: string, how: "left" | "lost", { room = "general", socketId = `socket-${userId}` } = {}) =>
    tracker.untrack(room, userOf(userId), socketId, how);
  /** What was told since the last call, in short; system messages stand for themselves elsewhere. */
  const told = () =>
    emitted.splice(0).flatMap(([room, event, payload]) => {
      switch (event) {
        case "user_joined":
        case "user_left": {
          const { userId, count, users } = payload as Step;
          return [`${room}: ${event} ${userId}, ${count}: ${users.map((user) => user.userId).join(" ")}`];
        }
        case "presence_changed": {
          const { joined, left, count } = payload as { joined: User[]; left: string[]; count: number };
          return [`${room}: changed +[${joined.map((user) => user.userId).join(" ")}] -[${left.join(" ")}], ${count}`];
        }
        default:
          return [];
      }
    });
  return { clock, store, emitted, errors, tracker, track, untrack, told };
}

const small = {
  ...{ maxListed: 2, maxStepsPerSecond: 0, graceMs: 0, batchIntervalMs: 250 },
  ...{ joinedTemplate: undefined, leftTemplate: undefined },
};

describe("a room of few people", () => {
  it("is told of who joins, with the list, but for the newcomer; the message goes to all", async () => {
    const { clock, emitted, track } = setup();
    await track("bob");
    emitted.length = 0;

    expect(await track("alice")).toEqual({ users: [userOf("alice"), userOf("bob")], count: 2 });

    const users = [userOf("alice"), userOf("bob")];
    expect(emitted).toEqual([
      ["general", "user_joined", { room: "general", ...userOf("alice"), count: 2, users }, { exceptUser: "alice" }],
      [
        "general",
        "message",
        {
          ...{ id: "id-2", room: "general", type: "system", content: "alice joined the room", ...userOf("alice") },
          ...{ createdAt: new Date(clock.now()).toISOString(), tip: 41 },
        },
      ],
    ]);
  });

  it("is told of who leaves, with the list of who is left", async () => {
    const { emitted, track, untrack } = setup();
    await track("alice");
    await track("bob");
    emitted.length = 0;

    await untrack("alice", "left");

    expect(emitted).toMatchObject([
      ["general", "user_left", { userId: "alice", count: 1, users: [userOf("bob")] }, { exceptUser: "alice" }],
      ["general", "message", { type: "system", userId: "alice", content: "alice left the room" }],
    ]);
  });

  it("is told in the configured words", async () => {
    const { emitted, track, untrack } = setup({
      config: { ...small, joinedTemplate: "hello {username}", leftTemplate: "bye {username}" },
    });
    await track("alice");
    await untrack("alice", "left");

    expect(emitted.map(([, , payload]) => (payload as { content?: string }).content)).toEqual([
      ...[undefined, "hello alice"],
      ...[undefined, "bye alice"],
    ]);
  });

  it("is told in its language", async () => {
    const { emitted, track } = setup({ locale: "zh" });
    await track("alice");

    expect(emitted[1]).toMatchObject(["general", "message", { content: "alice 加入了房间" }]);
  });

  it("hears nothing of other rooms", async () => {
    const { track, told } = setup();
    await track("alice");
    await track("alice", { room: "random" });

    expect(told()).toEqual(["general: user_joined alice, 1: alice", "random: user_joined alice, 1: alice"]);
  });
});

describe("a user with several tabs", () => {
  it("comes with the first and goes with the last", async () => {
    const { track, untrack, told } = setup();
    await track("alice", { socketId: "tab-1" });
    expect(await track("alice", { socketId: "tab-2" })).toEqual({ users: [userOf("alice")], count: 1 });
    await untrack("alice", "left", { socketId: "tab-1" });
    expect(told()).toEqual(["general: user_joined alice, 1: alice"]);

    await untrack("alice", "left", { socketId: "tab-2" });
    expect(told()).toEqual(["general: user_left alice, 0: "]);
  });

  it("stays when one of them is lost, after the grace too", async () => {
    const { clock, track, untrack, told } = setup();
    await track("alice", { socketId: "tab-1" });
    await track("alice", { socketId: "tab-2" });
    await untrack("alice", "lost", { socketId: "tab-1" });
    told();

    await clock.advance(60_000);
    expect(told()).toEqual([]);
    await untrack("alice", "left", { socketId: "tab-2" });
    expect(told()).toEqual(["general: user_left alice, 0: "]);
  });

  it("goes when the grace of the last lost one ends", async () => {
    const { clock, track, untrack, told } = setup();
    await track("alice", { socketId: "tab-1" });
    await track("alice", { socketId: "tab-2" });
    await untrack("alice", "lost", { socketId: "tab-1" });
    await clock.advance(3_000);
    await untrack("alice", "lost", { socketId: "tab-2" });
    told();

    await clock.advance(4_999);
    expect(told()).toEqual([]);
    await clock.advance(1);
    expect(told()).toEqual(["general: user_left alice, 0: "]);
  });
});

describe("the grace of a lost socket", () => {
  it("keeps its user in the room for as long as it lasts", async () => {
    const { clock, track, tracker, untrack, told } = setup();
    await track("alice");
    await untrack("alice", "lost");
    told();

    await clock.advance(4_999);
    expect(told()).toEqual([]);
    expect(await tracker.list("general")).toMatchObject({ count: 1 });
    await clock.advance(1);
    expect(told()).toEqual(["general: user_left alice, 0: "]);
    expect(await tracker.list("general")).toMatchObject({ count: 0 });
  });

  it("shows nothing of who comes back within it", async () => {
    const { clock, track, untrack, told } = setup();
    await track("alice", { socketId: "before" });
    await untrack("alice", "lost", { socketId: "before" });
    told();

    await clock.advance(4_000);
    expect(await track("alice", { socketId: "after" })).toEqual({ users: [userOf("alice")], count: 1 });
    await clock.advance(60_000);
    expect(told()).toEqual([]);
  });

  it("is over with the user's return: who then leaves has left at once", async () => {
    const { track, untrack, told } = setup();
    await track("alice", { socketId: "before" });
    await untrack("alice", "lost", { socketId: "before" });
    await track("alice", { socketId: "after" });
    told();

    await untrack("alice", "left", { socketId: "after" });

    expect(told()).toEqual(["general: user_left alice, 0: "]);
  });

  it("is one's own, in one room", async () => {
    const { clock, track, untrack, told } = setup();
    for (const room of ["general", "random"]) {
      await track("alice", { room });
      await untrack("alice", "lost", { room });
    }
    await track("bob");
    await track("alice", { room: "random", socketId: "after" });
    told();

    await clock.advance(5_000);
    expect(told()).toEqual(["general: user_left alice, 1: bob"]);
  });

  it("is none at 0", async () => {
    const { track, untrack, told } = setup({ config: small });
    await track("alice");
    told();

    await untrack("alice", "lost");

    expect(told()).toEqual(["general: user_left alice, 0: "]);
  });
});

describe("a room above the limit", () => {
  it("is told of steps together, without list and system message", async () => {
    const { clock, emitted, track, untrack, told } = setup({ config: small });
    for (const userId of ["alice", "bob"]) {
      await track(userId);
    }
    emitted.length = 0;

    await track("carol");
    await track("dave");
    await untrack("alice", "left");
    await clock.advance(249);
    expect(emitted).toEqual([]);
    await clock.advance(1);

    expect(emitted).toHaveLength(1);
    expect(told()).toEqual(["general: changed +[carol dave] -[alice], 3"]);
  });

  it("answers who joins with the list and the count", async () => {
    const { track } = setup({ config: small });
    await track("carol");
    await track("bob");

    expect(await track("alice")).toEqual({ users: ["alice", "bob", "carol"].map((id) => userOf(id)), count: 3 });
  });

  it("is told every 250 ms at most", async () => {
    const { clock, track, told } = setup({ config: small });
    for (const userId of ["a", "b", "c"]) {
      await track(userId);
    }
    await clock.advance(200);
    await track("d");
    await clock.advance(50);
    expect(told().slice(2)).toEqual(["general: changed +[c d] -[], 4"]);

    await track("e");
    await clock.advance(249);
    expect(told()).toEqual([]);
    await clock.advance(1);
    expect(told()).toEqual(["general: changed +[e] -[], 5"]);
  });

  it("hears nothing of who comes and goes in between", async () => {
    const { clock, track, untrack, told } = setup({ config: small });
    for (const userId of ["a", "b"]) {
      await track(userId);
    }
    told();
    await track("c");
    await untrack("c", "left");

    await clock.advance(1_000);
    expect(told()).toEqual([]);
  });

  it("is told with the count of the moment of telling", async () => {
    const { clock, store, track, told } = setup({ config: small });
    for (const userId of ["a", "b", "c"]) {
      await track(userId);
    }
    told();
    await store.add("/", "general", userOf("on another node"), "socket");

    await clock.advance(250);
    expect(told()).toEqual(["general: changed +[c] -[], 4"]);
  });

  it("lists 100 people, and the others a page further", async () => {
    const { track, tracker } = setup({ config: small });
    const everybody = Array.from({ length: 130 }, (_, index) => `user-${String(index).padStart(3, "0")}`);
    for (const userId of everybody) {
      await track(userId);
    }
    const page = await tracker.list("general");
    const next = await tracker.list("general", "user-099");

    expect([page.users.length, page.count, next.users.length]).toEqual([100, 130, 30]);
    expect([...page.users, ...next.users].map(({ userId }) => userId)).toEqual(everybody);
  });
});

describe("a room that shrinks to the limit", () => {
  it("is told what was gathered, and then has a list at the first step within it", async () => {
    const { clock, emitted, track, untrack, told } = setup({ config: small });
    for (const userId of ["alice", "bob", "carol"]) {
      await track(userId);
    }
    await clock.advance(250);
    told();

    // From three to two: the room has no list yet.
    await untrack("alice", "left");
    expect(emitted).toEqual([]);
    await untrack("bob", "left");
    expect(told()).toEqual(["general: changed +[] -[alice], 1", "general: user_left bob, 1: carol"]);

    await clock.advance(1_000);
    expect(told()).toEqual([]);
  });

  it("has a list again at a join that stays within it", async () => {
    const { clock, track, untrack, told } = setup({ config: small });
    for (const userId of ["alice", "bob", "carol"]) {
      await track(userId);
    }
    await untrack("alice", "left");
    await clock.advance(250);
    await untrack("bob", "left");
    told();

    await track("dave");

    expect(told()).toEqual(["general: user_joined dave, 2: carol dave"]);
  });
});

describe("with a store that takes its time", () => {
  it("tells what happens in a room in the order in which it happened", async () => {
    const { store, tracker, track, untrack, told } = setup();
    store.hold("add");
    void track("alice");
    void untrack("alice", "left");
    void track("bob");
    store.release();
    await tracker.settled();

    expect(told()).toEqual([
      "general: user_joined alice, 1: alice",
      "general: user_left alice, 0: ",
      "general: user_joined bob, 1: bob",
    ]);
  });

  it("tells each step with the list as it was after it", async () => {
    const { store, tracker, track, told } = setup();
    store.hold("list");
    void track("alice");
    void track("bob");
    await new Promise((resolve) => setImmediate(resolve));
    expect(store.calls).toEqual(["add", "list"]);
    store.release();
    await tracker.settled();

    expect(told()).toEqual(["general: user_joined alice, 1: alice", "general: user_joined bob, 2: alice bob"]);
  });

  it("does not let a room wait for another", async () => {
    const { store, tracker, track, told } = setup();
    store.hold("add");
    void track("alice");
    const later = track("bob", { room: "random" });
    expect(store.calls).toEqual(["add", "add"]);
    store.release();
    await later;
    await tracker.settled();

    expect(told()).toHaveLength(2);
  });

  it("does not let a return be overtaken by the end of the grace", async () => {
    const { clock, store, tracker, track, untrack, told } = setup();
    await track("alice", { socketId: "before" });
    await untrack("alice", "lost", { socketId: "before" });
    told();
    store.hold("add");
    void track("alice", { socketId: "after" });
    await clock.advance(5_000);
    store.release();
    await tracker.settled();

    expect(told()).toEqual([]);
    expect(await tracker.list("general")).toMatchObject({ count: 1 });
  });
});

describe("with a store that fails", () => {
  it("rejects a join, and goes on with the next step of the room", async () => {
    const { store, track, told } = setup();
    store.failure = new Error("the store is away");
    await expect(track("alice")).rejects.toThrow("the store is away");
    store.failure = undefined;

    await track("bob");
    expect(told()).toEqual(["general: user_joined bob, 1: bob"]);
  });

  it("reports a leave that could not be counted, and does not reject", async () => {
    const { errors, store, track, untrack } = setup();
    await track("alice");
    store.failure = new Error("the store is away");

    await expect(untrack("alice", "left")).resolves.toBeUndefined();
    expect(errors).toEqual([store.failure]);
  });

  it("reports a batch that could not be told", async () => {
    const { clock, errors, store, track } = setup({ config: small });
    for (const userId of ["a", "b", "c"]) {
      await track(userId);
    }
    store.failure = new Error("the store is away");
    await clock.advance(250);

    expect(errors).toEqual([store.failure]);
  });
});

describe("rooms", () => {
  it("answers the rooms of the namespace that are accepted", async () => {
    const { store, track, tracker } = setup();
    for (const room of ["c", "a", "b", "hidden"]) {
      await track("alice", { room });
    }
    await store.add("/support", "d", userOf("alice"), "socket");
    const accepts = (room: string) => room !== "hidden";

    expect(await tracker.rooms(undefined, accepts, 2)).toEqual({
      ...{
        rooms: [
          { room: "a", count: 1 },
          { room: "b", count: 1 },
        ],
        hasMore: true,
      },
    });
    expect(await tracker.rooms("b", accepts, 2)).toEqual({ rooms: [{ room: "c", count: 1 }], hasMore: false });
  });
});

describe("after it was stopped", () => {
  it("tells nobody of who goes, nor of what was gathered or in its grace", async () => {
    const { clock, track, tracker, untrack, told } = setup({ config: { ...small, graceMs: 5_000 } });
    for (const userId of ["a", "b", "c"]) {
      await track(userId);
    }
    await track("alice", { room: "random" });
    await untrack("alice", "lost", { room: "random" });
    told();

    await tracker.stop();
    await untrack("a", "left");
    await clock.advance(60_000);

    expect(told()).toEqual([]);
  });

  it("has told nothing more than what had begun, and waits for it", async () => {
    const { store, track, tracker } = setup();
    store.hold("add");
    const joined = track("alice");
    let isStopped = false;
    const stopped = tracker.stop().then(() => {
      isStopped = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isStopped).toBe(false);

    store.release();
    await stopped;
    expect(await joined).toMatchObject({ count: 1 });
  });
});

it("keeps the grace of a socket that is lost while its own join is still waiting", async () => {
  const { tracker, store, clock, told } = setupForLateLoss();
  store.hold("add");
  const joined = tracker.track("general", userOf("alice"), "alice-1");
  await tracker.untrack("general", userOf("alice"), "alice-1", "lost");
  store.release();
  expect(await joined).toMatchObject({ count: 1 });

  await clock.advance(5_000);
  await tracker.settled();

  expect(told).toEqual(["user_joined", "user_left"]);
});

function setupForLateLoss() {
  const clock = new TestClock({ isFrozen: true });
  const store = new SlowStore();
  const told: string[] = [];
  const emitter: Pick<RoomEmitter, "emit"> = {
    emit(_room, event) {
      if (event !== "message") {
        told.push(event);
      }
    },
  };
  const tracker = new PresenceTracker({
    ...{ namespace: "/", store, emitter, locale: "en", clock },
    config: {
      maxListed: 100,
      maxStepsPerSecond: 0,
      graceMs: 5_000,
      batchIntervalMs: 250,
      joinedTemplate: undefined,
      leftTemplate: undefined,
    },
    tipOf: () => 0,
    makeId: () => "id",
    onError(error) {
      throw error;
    },
  });
  return { tracker, store, clock, told };
}

describe("a busy room", () => {
  const busy = {
    ...{ maxListed: 100, maxStepsPerSecond: 2, graceMs: 0, batchIntervalMs: 250 },
    ...{ joinedTemplate: undefined, leftTemplate: undefined },
  };

  it("is told two steps in a second each with its list, and the third when it is quiet", async () => {
    const { clock, emitted, track, told } = setup({ config: busy });
    for (const userId of ["alice", "bob", "carol"]) {
      await track(userId);
    }
    expect(told()).toEqual(["general: user_joined alice, 1: alice", "general: user_joined bob, 2: alice bob"]);

    await clock.advance(999);
    expect(emitted).toEqual([]);
    await clock.advance(1);
    expect(emitted).toMatchObject([
      ["general", "user_joined", { userId: "carol", count: 3 }, { exceptUser: "carol" }],
      ["general", "message", { type: "system", userId: "carol" }],
    ]);
    expect(told()).toEqual(["general: user_joined carol, 3: alice bob carol"]);
  });

  it("is told once a second of all but the newest, and of that one with one list at the end", async () => {
    const { clock, emitted, track, untrack, told } = setup({ config: busy });
    await track("a");
    await track("b");
    told();
    for (const userId of ["c", "d", "e", "f"]) {
      await track(userId);
    }
    await untrack("a", "left");
    await clock.advance(1_000);
    expect(told()).toEqual(["general: changed +[c d e f] -[], 5"]);

    await track("g");
    await track("h");
    await untrack("h", "left");
    await clock.advance(1_000);
    expect(told()).toEqual(["general: changed +[g] -[a], 6"]);

    await untrack("c", "left");
    await clock.advance(1_000);
    expect(emitted.map(([, event]) => event)).toEqual(["user_left", "message"]);
    expect(told()).toEqual(["general: user_left c, 5: b d e f g"]);
    await clock.advance(60_000);
    expect(told()).toEqual([]);

    await track("i");
    expect(told()).toEqual(["general: user_joined i, 6: b d e f g i"]);
  });

  it("has a list at the end also when the last second was empty, or what came had gone again", async () => {
    const { clock, track, untrack, told } = setup({ config: busy });
    for (const userId of ["a", "b", "c", "d", "e"]) {
      await track(userId);
    }
    await untrack("e", "left");
    told();
    await clock.advance(1_000);
    expect(told()).toEqual(["general: changed +[c d] -[], 4"]);
    await clock.advance(1_000);

    expect(told()).toEqual(["general: user_left e, 4: a b c d"]);
  });

  it("costs a look at the store a second, and one message each", async () => {
    const { clock, store, emitted, tracker, track, untrack } = setup({ config: busy });
    const room = "general";
    for (const userId of ["a", "b", "c"]) {
      await track(userId);
    }
    emitted.length = 0;
    store.calls.length = 0;
    for (let index = 0; index < 500; index += 1) {
      await tracker.track(room, userOf("flooder"), "socket");
      await untrack("flooder", "left", { socketId: "socket" });
    }
    await clock.advance(1_000);
    await clock.advance(1_000);

    // Who joins is answered with the list; who leaves costs none.
    expect(store.calls.filter((name) => name === "list")).toHaveLength(500 + 2);
    expect(emitted.map(([, event]) => event)).toEqual(["presence_changed", "user_left", "message"]);
  });

  it("is told without a list when it has grown above the limit meanwhile", async () => {
    const { clock, track, told } = setup({ config: { ...busy, maxListed: 4 } });
    for (const userId of ["a", "b", "c", "d", "e", "f"]) {
      await track(userId);
    }
    told();
    await clock.advance(1_000);
    await clock.advance(1_000);

    expect(told()).toEqual(["general: changed +[c d e f] -[], 6"]);
  });

  it("does not make others busy", async () => {
    const { track, told } = setup({ config: busy });
    for (const userId of ["a", "b", "c"]) {
      await track(userId);
    }
    told();
    await track("a", { room: "random" });

    expect(told()).toEqual(["random: user_joined a, 1: a"]);
  });

  it("is told what could not be told, when its store is back", async () => {
    const { clock, errors, store, track, told } = setup({ config: busy });
    for (const userId of ["a", "b", "c", "d"]) {
      await track(userId);
    }
    told();
    store.failure = new Error("the store is away");
    await clock.advance(1_000);
    expect(errors).toEqual([store.failure]);
    store.failure = undefined;
    await clock.advance(1_000);

    expect(told()).toEqual(["general: changed +[c] -[], 4", "general: user_joined d, 4: a b c d"]);
  });
});

describe("while other nodes cannot be asked", () => {
  it("tells nobody anything, and afterwards what is so", async () => {
    const { clock, store, tracker, track, untrack, told } = setup();
    for (const userId of ["alice", "bob", "carol", "mover"]) {
      await track(userId);
    }
    told();
    store.isPartial = true;
    await untrack("alice", "left");
    await track("dave");
    await track("guest");
    await untrack("guest", "left");
    await untrack("mover", "left");
    // On another node, which nobody here hears of.
    await store.add("/", "general", userOf("mover"), "elsewhere");
    await clock.advance(30_000);
    expect(told()).toEqual([]);

    store.isPartial = false;
    await clock.advance(1_000);
    await tracker.settled();

    expect(told()).toEqual(["general: changed +[] -[alice], 4", "general: user_joined dave, 4: bob carol dave mover"]);
  });

  it("forgets what nobody can say of a room that is too large for a list", async () => {
    const { clock, store, track, untrack, told } = setup({ config: small });
    const everybody = Array.from({ length: 130 }, (_, index) => `user-${index}`);
    for (const userId of everybody) {
      await track(userId);
    }
    await clock.advance(250);
    told();
    store.isPartial = true;
    await untrack("user-1", "left");
    await clock.advance(1_000);
    store.isPartial = false;
    await clock.advance(1_000);

    expect(told()).toEqual([]);
  });

  it("tells a room that is too large for a list who is back, and nothing else", async () => {
    const { clock, store, tracker, track, untrack, told } = setup({ config: small });
    for (let index = 0; index < 130; index += 1) {
      await track(`user-${index}`);
    }
    await clock.advance(250);
    told();
    store.isPartial = true;
    await tracker.tellBack("general", userOf("user-1"));
    await tracker.tellBack("general", userOf("user-2"));
    await tracker.tellBack("general", userOf("user-3"));
    await untrack("user-3", "left");
    await untrack("user-4", "left");
    await clock.advance(1_000);
    store.isPartial = false;
    await clock.advance(1_000);

    expect(told()).toEqual(["general: changed +[user-1 user-2] -[], 128"]);
  });

  it("asks no more about a room that somebody only looked into", async () => {
    const { clock, store, track, untrack, told } = setup();
    store.isPartial = true;
    await track("guest");
    await untrack("guest", "left");
    await clock.advance(1_000);
    store.calls.length = 0;
    await clock.advance(30_000);

    expect([store.calls, told()]).toEqual([[], []]);
  });

  it("tells who is back once, with a list", async () => {
    const { clock, store, tracker, track, told } = setup();
    for (const userId of ["alice", "bob"]) {
      await track(userId);
    }
    told();
    store.isPartial = true;
    await tracker.tellBack("general", userOf("alice"));
    await tracker.tellBack("general", userOf("bob"));
    await tracker.tellBack("general", userOf("nobody"));
    await clock.advance(10_000);
    expect(told()).toEqual([]);
    store.isPartial = false;
    await clock.advance(1_000);

    expect(told()).toEqual(["general: changed +[bob] -[], 2", "general: user_joined alice, 2: alice bob"]);
  });
});
