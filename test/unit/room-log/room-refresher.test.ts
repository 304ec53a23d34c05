import type { RoomRecord, RoomRepository, WantedRoom } from "../../../src/repositories/room-repository";
import { RoomLogs } from "../../../src/room-log/room-logs";
import { RoomRefresher } from "../../../src/room-log/room-refresher";
import { TestClock } from "../../../src/testing/test-clock";

const INTERVAL_MS = 15_000;

function setup({ ringBytes = 1_000_000 } = {}) {
  const clock = new TestClock({ isFrozen: true });
  const logs = new RoomLogs({ config: { ringMessages: 16, ringBytes }, clock, waitingIn: () => [], onDoubt: () => {} });
  const asked: { namespace: string; name: string }[][] = [];
  const looks: WantedRoom[][] = [];
  const resets: string[] = [];
  const deleted: string[] = [];
  const missed: string[] = [];
  const errors: unknown[] = [];
  const postgres = {
    isAvailable: true,
    rows: [] as RoomRecord[],
    /** Awaited before an answer. */
    answering: Promise.resolve(),
  };
  const rooms: Pick<RoomRepository, "findMany"> = {
    async findMany(wanted) {
      asked.push(wanted.map(({ namespace, name, above }) => ({ namespace, name, above })));
      looks.push([...wanted]);
      const { rows } = postgres;
      await postgres.answering;
      return rows;
    },
  };
  const refresher = new RoomRefresher({
    ...{ rooms, logs, clock, intervalMs: INTERVAL_MS },
    isAvailable: () => postgres.isAvailable,
    onContradiction(namespace, room) {
      logs.reset(namespace, room);
      resets.push(`${namespace} ${room}`);
    },
    onDeleted: (namespace, room) => deleted.push(`${namespace} ${room}`),
    onMissed: (namespace, room, { messages }) =>
      missed.push(`${namespace} ${room} ${messages.map(({ seq }) => seq).join()}`),
    settleShown: async () => {},
    onError: (error) => errors.push(error),
  });
  /** Joins a room, whose row was read with the join. */
  const join = (name: string, lastSeq: number, namespace = "/") => {
    const log = logs.retain(namespace, name);
    log.learn({ epoch: "e1", lastSeq, delivery: null });
    return log;
  };
  return { clock, logs, asked, looks, deleted, resets, missed, errors, postgres, refresher, join };
}

const rowOf = (name: string, lastSeq: number, parts: Partial<RoomRecord> = {}): RoomRecord => ({
  ...{ namespace: "/", name, epoch: "e1", lastSeq, delivery: null, messages: [] },
  // Whatever a log believes is in the table, unless a test says otherwise.
  ...{ lastKey: null, witness: null, inSpan: Number.MAX_SAFE_INTEGER },
  ...parts,
});

function deferred() {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

it("asks once for all rooms in use, at every interval until it stops", async () => {
  const { refresher, join, logs, asked, clock } = setup();
  await refresher.start();
  join("general", 0);
  join("help", 0, "/support");
  join("left", 0);
  logs.release("/", "left");
  await clock.advance(INTERVAL_MS - 1);
  expect(asked).toEqual([]);

  await clock.advance(1);
  expect(asked).toEqual([
    [
      { namespace: "/", name: "general", above: 0 },
      { namespace: "/support", name: "help", above: 0 },
    ],
  ]);
  await clock.advance(2 * INTERVAL_MS);
  expect(asked).toHaveLength(3);

  await refresher.stop();
  await clock.advance(5 * INTERVAL_MS);
  expect(asked).toHaveLength(3);
});

it("tells each log its own row", async () => {
  const { refresher, join, postgres, resets } = setup();
  const [general, help] = [join("general", 3), join("general", 5, "/support")];
  postgres.rows = [
    rowOf("general", 8, { namespace: "/support" }),
    rowOf("general", 4, { delivery: "strict" }),
    rowOf("a room that nobody is in", 1),
  ];

  await refresher.refresh();

  expect(general).toMatchObject({ tip: 4, delivery: "strict" });
  expect(help).toMatchObject({ tip: 8, delivery: null });
  expect(resets).toEqual([]);
});

it("reads the row of a log that a join could not read", async () => {
  const { refresher, logs, postgres } = setup();
  const [known, missing] = [logs.retain("/", "known"), logs.retain("/", "missing")];
  postgres.rows = [rowOf("known", 4)];

  await refresher.refresh();

  expect(known).toMatchObject({ isLoaded: true, tip: 4, epoch: "e1" });
  expect(missing).toMatchObject({ isLoaded: true, tip: 0, epoch: null });
});

it.each<[string, RoomRecord[], { epoch: string | null; tip: number }]>([
  ["another epoch", [rowOf("general", 9, { epoch: "e2" })], { epoch: "e2", tip: 9 }],
  ["a number below the tip", [rowOf("general", 4)], { epoch: "e1", tip: 4 }],
  ["no row any more", [], { epoch: null, tip: 0 }],
])("reports a log that meets %s, which follows the row then", async (_name, rows, expected) => {
  const { refresher, join, postgres, resets, logs } = setup();
  const log = join("general", 6);
  const other = join("other", 2);
  logs.observe("/", "message", {
    ...{ id: "a", room: "general", type: "text", content: "shown", tip: 6, userId: "alice", username: "Alice" },
    ...{ color: "#000000", createdAt: "2026-01-01T00:00:00.000Z" },
  });
  postgres.rows = [...rows, rowOf("other", 2)];

  await refresher.refresh();

  expect(resets).toEqual(["/ general"]);
  // What was shown still waits for its fate.
  expect(log).toMatchObject({ isLoaded: false, hasShown: true });
  expect(other).toMatchObject({ epoch: "e1", tip: 2 });

  // It is followed now: the same row is no news.
  await refresher.refresh();
  expect(log).toMatchObject({ ...expected, isLoaded: true });
  expect(resets).toEqual(["/ general"]);
});

it("takes numbers that are given while it reads for no contradiction", async () => {
  const { refresher, join, postgres, resets, logs, asked, clock } = setup();
  const log = join("general", 6);
  const { promise, resolve } = deferred();
  postgres.answering = promise;
  postgres.rows = [rowOf("general", 6)];

  const refreshing = refresher.refresh();
  await clock.advance(0);
  expect(asked).toHaveLength(1);
  logs.observe("/", "stored", { room: "general", epoch: "e1", runs: [{ from: 7, items: [["alice", "a"]] }] });
  resolve();
  await refreshing;

  expect(resets).toEqual([]);
  expect(log.tip).toBe(7);
});

it("asks nothing while Postgres is away or nobody is in a room", async () => {
  const { refresher, join, postgres, asked } = setup();
  await refresher.refresh();
  expect(asked).toEqual([]);

  join("general", 0);
  postgres.isAvailable = false;
  await refresher.refresh();
  expect(asked).toEqual([]);

  postgres.isAvailable = true;
  await refresher.refresh();
  expect(asked).toHaveLength(1);
});

it("reports a query that fails, leaves the logs as they are, and asks again", async () => {
  const { refresher, join, postgres, errors, resets } = setup();
  const log = join("general", 6);
  const failure = new Error("Postgres is away");
  const { promise, reject } = deferred();
  postgres.answering = promise;
  const refreshing = refresher.refresh();
  reject(failure);

  await refreshing;
  expect(errors).toEqual([failure]);
  expect(log).toMatchObject({ epoch: "e1", tip: 6 });

  postgres.answering = Promise.resolve();
  postgres.rows = [rowOf("general", 9)];
  await refresher.refresh();
  expect(errors).toHaveLength(1);
  expect(resets).toEqual([]);
  expect(log.tip).toBe(9);
});

it("begins anew for a call during another one, after that one", async () => {
  const { refresher, join, postgres, asked, clock } = setup();
  const log = join("general", 6);
  const { promise, resolve } = deferred();
  postgres.answering = promise;
  postgres.rows = [rowOf("general", 6)];
  const first = refresher.refresh();
  await clock.advance(0);
  const second = refresher.refresh();
  await clock.advance(0);
  expect(asked).toHaveLength(1);

  // Committed after the first query had its answer.
  postgres.rows = [rowOf("general", 7)];
  resolve();
  await first;
  await second;

  expect(asked).toHaveLength(2);
  expect(log.tip).toBe(7);
});

it("reads once for calls of one turn", async () => {
  const { refresher, join, asked } = setup();
  join("general", 0);

  await Promise.all([refresher.refresh(), refresher.refresh()]);

  expect(asked).toHaveLength(1);
});

it("reads once after a query that hangs, for all calls during it, and resets once", async () => {
  const { refresher, join, postgres, asked, resets, clock } = setup();
  const log = join("general", 6);
  const { promise, resolve } = deferred();
  postgres.answering = promise;
  postgres.rows = [rowOf("general", 6)];
  const first = refresher.refresh();
  await clock.advance(0);
  expect(asked).toHaveLength(1);

  const during = [refresher.refresh(), refresher.refresh()];
  await clock.advance(0);
  during.push(refresher.refresh());
  postgres.rows = [rowOf("general", 4)];
  resolve();
  await Promise.all([first, ...during]);

  expect(asked).toHaveLength(2);
  expect(resets).toEqual(["/ general"]);
  expect(log).toMatchObject({ isLoaded: false, tip: 0 });
});

it("gives back the memory of a ring that it resets", async () => {
  const messageIn = (room: string) => ({
    ...{ id: "a", room, type: "text", content: "content", tip: 1, seq: 1, userId: "alice", username: "Alice" },
    ...{ color: "#000000", createdAt: "2026-01-01T00:00:00.000Z" },
  });
  const measured = setup();
  const one = measured.join("general", 0);
  measured.logs.observe("/", "message", messageIn("general"));
  const { refresher, join, logs, postgres } = setup({ ringBytes: 2 * one.ringBytes });
  const [a, b, c] = ["a", "b", "c"].map((name) => join(name, 0));
  logs.observe("/", "message", messageIn("a"));
  postgres.rows = ["a", "b", "c"].map((name) => rowOf(name, 0));

  await refresher.refresh();
  expect(a).toMatchObject({ tip: 0, ringBytes: 0 });
  logs.observe("/", "message", messageIn("b"));
  logs.observe("/", "message", messageIn("c"));

  expect([b, c].map((log) => log?.range(1, 1)?.length)).toEqual([1, 1]);
});

it("is stopped when a refresh of the same turn has ended", async () => {
  const { refresher, join, postgres, clock, asked } = setup();
  join("general", 0);
  const { promise, resolve } = deferred();
  postgres.answering = promise;
  const steps: string[] = [];

  void refresher.refresh();
  const stopping = refresher.stop().then(() => steps.push("stopped"));
  await clock.advance(0);
  expect(asked).toHaveLength(1);
  steps.push("answered");
  resolve();
  await stopping;

  expect(steps).toEqual(["answered", "stopped"]);
});

it("is stopped when the query that runs has ended", async () => {
  const { refresher, join, postgres, clock, asked } = setup();
  await refresher.start();
  join("general", 0);
  const { promise, resolve } = deferred();
  postgres.answering = promise;
  await clock.advance(INTERVAL_MS);
  expect(asked).toHaveLength(1);
  const steps: string[] = [];
  const stopping = refresher.stop().then(() => steps.push("stopped"));

  await clock.advance(0);
  steps.push("answered");
  resolve();
  await stopping;

  expect(steps).toEqual(["answered", "stopped"]);
});

it("may be stopped before its start, and twice", async () => {
  const { refresher, join, asked, clock } = setup();
  await refresher.stop();
  await refresher.start();
  join("general", 0);
  await refresher.stop();
  await refresher.stop();

  await clock.advance(INTERVAL_MS);

  expect(asked).toEqual([]);
});

it("leaves a room alone that was left and joined again while the rows were read", async () => {
  const { logs, postgres, refresher, resets, join } = setup();
  await refresher.start();
  join("general", 5);
  const { promise, resolve } = deferred();
  postgres.rows = [rowOf("general", 2)];
  postgres.answering = promise;
  const refreshed = refresher.refresh();
  await Promise.resolve();
  logs.release("/", "general");
  const next = join("general", 9);
  resolve();
  await refreshed;

  expect(resets).toEqual([]);
  expect([next.isLoaded, next.tip]).toEqual([true, 9]);
  await refresher.stop();
});

describe("what the members have not been told", () => {
  const messageOf = (seq: number) => ({
    ...{
      seq,
      id: `id-${seq}`,
      room: "general",
      type: "text",
      content: `${seq}`,
      createdAt: "2026-01-01T00:00:00.000Z",
    },
    ...{ userId: "alice", username: "Alice", color: "#000000" },
  });

  it("is asked for above the number without a hole before it, and reported", async () => {
    const { logs, asked, missed, postgres, refresher, join } = setup();
    join("general", 5);
    logs.observe("/", "message", { ...messageOf(6), tip: 6 });
    logs.observe("/", "message", { ...messageOf(8), tip: 8 });
    postgres.rows = [rowOf("general", 9, { messages: [7, 8, 9].map(messageOf) })];

    await refresher.refresh();

    expect(asked[0]).toEqual([{ namespace: "/", name: "general", above: 6 }]);
    expect(missed).toEqual(["/ general 7,8,9"]);
  });

  it("does not hold what was told while the rows were read", async () => {
    const { logs, missed, postgres, refresher, join } = setup();
    join("general", 5);
    const { promise, resolve } = deferred();
    postgres.rows = [rowOf("general", 7, { messages: [6, 7].map(messageOf) })];
    postgres.answering = promise;
    const refreshed = refresher.refresh();
    await Promise.resolve();
    logs.observe("/", "message", { ...messageOf(6), tip: 6 });
    resolve();
    await refreshed;

    expect(missed).toEqual(["/ general 7"]);
  });

  it("is told room by room, so that who is in many can take it", async () => {
    const { logs, missed, postgres, refresher, join } = setup();
    join("general", 5);
    join("help", 5);
    postgres.rows = ["general", "help"].map((name) => rowOf(name, 6, { messages: [{ ...messageOf(6), room: name }] }));
    const rounds: string[][] = [];
    const refreshed = refresher.refresh();
    let isDone = false;
    void refreshed.then(() => {
      isDone = true;
    });
    while (!isDone) {
      rounds.push(missed.splice(0));
      await new Promise((resolve) => setImmediate(resolve));
    }

    expect(rounds.filter((round) => round.length > 0)).toEqual([["/ general 6"], ["/ help 6"]]);
    expect(logs.inUse()).toHaveLength(2);
  });

  it("is nothing while it is not known where the members began", async () => {
    const { logs, asked, missed, refresher } = setup();
    logs.retain("/", "general");
    await refresher.refresh();

    expect(asked[0]).toEqual([{ namespace: "/", name: "general", above: Number.MAX_SAFE_INTEGER }]);
    expect(missed).toEqual([]);
  });
});

describe("what a log holds and the table does not", () => {
  const messageOf = (seq: number, id = `id-${seq}`) => ({
    ...{ id, room: "general", type: "text", content: "hi", tip: seq, seq, userId: "alice", username: "Alice" },
    ...{ color: "#000000", createdAt: "2026-01-01T00:00:00.000Z" },
  });

  it("is another history, where the number that it knows best is another message's", async () => {
    const { logs, looks, resets, postgres, refresher, join } = setup();
    join("general", 5);
    logs.observe("/", "message", messageOf(6));
    // Rows were lost, and others committed under their numbers before anybody looked.
    postgres.rows = [rowOf("general", 8, { witness: ["bob", "another"], lastKey: ["bob", "newest"] })];

    await refresher.refresh();

    expect(looks[0]).toMatchObject([{ witness: 6, span: { first: 6, last: 6 } }]);
    expect(resets).toEqual(["/ general"]);
  });

  it("is the same history, where that number is its own, and is believed again", async () => {
    const { logs, resets, deleted, postgres, refresher, join } = setup();
    const log = join("general", 5);
    logs.observe("/", "message", messageOf(6));
    logs.doubt();
    expect([log.isDoubtful, log.ringBytes]).toEqual([true, 0]);
    postgres.rows = [rowOf("general", 8, { witness: ["alice", "id-6"], lastKey: ["bob", "newest"] })];

    await refresher.refresh();
    expect(log).toMatchObject({ isDoubtful: false, tip: 8 });
    expect(log.look().witness).toEqual({ seq: 8, key: "bob\0newest" });
    expect([resets, deleted]).toEqual([[], []]);
  });

  it("stays in doubt when the doubt came after the read had begun", async () => {
    const { logs, postgres, refresher, join } = setup();
    const log = join("general", 5);
    const { promise, resolve } = deferred();
    postgres.answering = promise;
    postgres.rows = [rowOf("general", 5)];
    const refreshed = refresher.refresh();
    await Promise.resolve();

    logs.doubt();
    resolve();
    await refreshed;
    expect(log.isDoubtful).toBe(true);

    await refresher.refresh();
    expect(log.isDoubtful).toBe(false);
  });

  it.each([
    ["the last message", { witness: null, inSpan: 1 }],
    ["one in the middle of the ring", { witness: ["alice", "id-7"] as [string, string], inSpan: 1 }],
  ])("was deleted: %s", async (_name, parts) => {
    const { logs, resets, deleted, postgres, refresher, join } = setup();
    join("general", 5);
    logs.observe("/", "message", messageOf(6));
    logs.observe("/", "message", messageOf(7));
    postgres.rows = [rowOf("general", 7, parts)];

    await refresher.refresh();

    expect([resets, deleted]).toEqual([[], ["/ general"]]);
  });
});
