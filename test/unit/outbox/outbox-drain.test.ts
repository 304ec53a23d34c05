import { createConfig } from "../../../src/config/load-config";
import { OutboxDrain } from "../../../src/outbox/outbox-drain";
import type { DrainResult, LockedRow, OutboxRecord } from "../../../src/repositories/outbox-repository";
import { TestClock } from "../../../src/testing/test-clock";
import { newMessage } from "../../support/new-message";

const rowAt = (position: number, room = "a"): OutboxRecord => ({ ...newMessage({ room }), position });
const resultOf = ({ position, createdAt }: OutboxRecord): DrainResult => ({
  ...{ position, status: "stored", seq: position, createdAt, epoch: "e", failure: null },
});
const poison = Object.assign(new Error("too long"), { code: "54000" });

/** A drain over rows in memory, whose `drain` may be replaced. */
function setup(rows: OutboxRecord[], onDrained: (position: number) => void = () => {}) {
  const clock = new TestClock({ isFrozen: true });
  const told: number[] = [];
  const setAside: [number, string][] = [];
  const locked: string[] = [];
  const errors: unknown[] = [];
  const remove = (position: number): void => {
    rows = rows.filter((row) => row.position !== position);
  };
  const outbox = {
    look: jest.fn(async () => rows),
    async drain(positions: readonly number[], _mayWait: boolean): Promise<(DrainResult | LockedRow)[]> {
      const done = rows.filter(({ position }) => positions.includes(position));
      done.map(({ position }) => position).forEach(remove);
      return done.map(resultOf);
    },
    async setAside(position: number): Promise<boolean> {
      remove(position);
      return true;
    },
    count: async () => ({ waiting: rows.length, oldestAgeMs: 0, setAside: 0 }),
  };
  const drain = new OutboxDrain({
    ...{ config: createConfig().outbox, outbox, namespaces: ["/"], clock, random: () => 0.5 },
    refusalOf: () => undefined,
    classifyError: (error) => (error === poison ? "poison" : (error as { kind: "repeat" | "retry" }).kind),
    onDrained({ position }) {
      onDrained(position);
      told.push(position);
    },
    onSetAside: ({ position }, failure) => setAside.push([position, failure]),
    onLocked: ({ room }) => locked.push(room),
    onError: (error) => errors.push(error),
  });
  return { drain, clock, outbox, told, setAside, locked, errors, left: () => rows.length };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

it("drains what waits at its start, without holding the start up", async () => {
  const { drain, told } = setup([rowAt(1), rowAt(2)]);
  await drain.start();
  expect(told).toEqual([]);
  await turns();

  expect(told).toEqual([1, 2]);
  await drain.stop();
});

it("looks once for many wakes of one moment", async () => {
  const { drain, clock, outbox } = setup([]);
  await drain.start();
  await turns();
  outbox.look.mockClear();
  for (let wake = 0; wake < 50; wake += 1) {
    drain.wake();
  }
  await clock.advance(20);
  await turns();

  expect(outbox.look).toHaveBeenCalledTimes(1);
  await drain.stop();
});

it("looks again soon when another node holds all that is left", async () => {
  const { drain, clock, outbox, told } = setup([rowAt(1)]);
  const { drain: drainRows } = outbox;
  outbox.drain = async () => [];
  await drain.start();
  await turns();
  expect(told).toEqual([]);
  outbox.drain = drainRows;
  await clock.advance(60);
  await turns();

  expect(told).toEqual([1]);
  await drain.stop();
});

it("runs a call again that met another one, and not for ever", async () => {
  const { drain, outbox, told, errors } = setup([rowAt(1)]);
  const { drain: drainRows } = outbox;
  const meeting = Object.assign(new Error("deadlock"), { kind: "repeat" });
  let calls = 0;
  outbox.drain = async (positions) => {
    calls += 1;
    if (calls <= 3) {
      throw meeting;
    }
    return drainRows(positions, true);
  };
  await drain.start();
  await turns();
  expect([told, errors]).toEqual([[1], []]);
  await drain.stop();

  const unlucky = setup([rowAt(1)]);
  unlucky.outbox.drain = async () => {
    throw meeting;
  };
  await unlucky.drain.start();
  await turns();
  expect(unlucky.errors).toEqual([meeting]);
  await unlucky.drain.stop();
});

it("finds the row that cannot be stored, and keeps the order of the others", async () => {
  const { drain, outbox, told, setAside } = setup([1, 2, 3, 4, 5, 6, 7].map((position) => rowAt(position)));
  const { drain: drainRows } = outbox;
  outbox.drain = async (positions) => {
    if (positions.includes(3)) {
      throw poison;
    }
    return drainRows(positions, true);
  };
  await drain.start();
  await turns();

  expect(told).toEqual([1, 2, 4, 5, 6, 7]);
  expect(setAside).toEqual([[3, "STORAGE_REJECTED: Postgres refuses it (54000)"]]);
  await drain.stop();
});

it("tells the others when one cannot be told", async () => {
  const { drain, told, errors } = setup([rowAt(1), rowAt(2)], (position) => {
    if (position === 1) {
      throw new Error("nobody there");
    }
  });
  await drain.start();
  await turns();

  expect(told).toEqual([2]);
  expect(errors).toHaveLength(1);
  await drain.stop();
});

it("stops although Postgres does not answer, and tells nobody afterwards", async () => {
  const { drain, clock, outbox, told } = setup([rowAt(1)]);
  let answer = (_results: DrainResult[]): void => {};
  outbox.drain = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  await drain.start();
  await turns();
  const stopped = drain.stop();
  await clock.advance(2_000);
  await stopped;
  answer([resultOf(rowAt(1))]);
  await turns();

  expect(told).toEqual([]);
  drain.wake();
  await clock.advance(60_000);
  expect(outbox.look).toHaveBeenCalledTimes(1);
});

describe("a room that somebody else holds", () => {
  /** Answers "locked" for rooms on the list, and notes each call. */
  function setupLocked(rows: OutboxRecord[], ...held: string[]) {
    const parts = setup(rows);
    const { drain: drainRows } = parts.outbox;
    const calls: [positions: readonly number[], mayWait: boolean][] = [];
    const isHeld = new Set(held);
    parts.outbox.drain = async (positions, mayWait) => {
      calls.push([positions, mayWait]);
      const wanted = rows.filter(({ position }) => positions.includes(position));
      const free = wanted.filter(({ room }) => !isHeld.has(room));
      const locked = wanted.filter(({ room }) => isHeld.has(room));
      return [
        ...(await drainRows(
          free.map(({ position }) => position),
          mayWait,
        )),
        ...locked.map(({ position }): LockedRow => ({ position, status: "locked" })),
      ];
    };
    return { ...parts, calls, isHeld };
  }

  it("waits alone: the others are drained, and it is tried without waiting for its lock, less and less often", async () => {
    const rows = [rowAt(1), rowAt(2, "b"), rowAt(3), rowAt(4, "b")];
    const { drain, clock, told, locked, calls, isHeld } = setupLocked(rows, "b");
    await drain.start();
    await turns();
    expect(told).toEqual([1, 3]);
    expect(locked).toEqual(["b"]);

    for (let tenths = 0; tenths < 30; tenths += 1) {
      await clock.advance(100);
      await turns();
    }
    const [first, ...others] = calls;
    expect(first).toEqual([[1, 2, 3, 4], true]);
    expect(others.length).toBeGreaterThan(2);
    expect(others.length).toBeLessThan(8);
    expect(others).toEqual(others.map(() => [[2, 4], false]));

    isHeld.clear();
    for (let seconds = 0; seconds < 5; seconds += 1) {
      await clock.advance(1_000);
      await turns();
    }

    expect(told).toEqual([1, 3, 2, 4]);
    expect(locked).toEqual(["b"]);
    await drain.stop();
  });

  it("is not passed by its later rows when a batch is bisected", async () => {
    const rows = [rowAt(1, "b"), rowAt(2), rowAt(3, "b"), rowAt(4, "c")];
    const { drain, outbox, told, setAside, isHeld } = setupLocked(rows, "b");
    const { drain: drainRows } = outbox;
    outbox.drain = async (positions, mayWait) => {
      if (positions.includes(4)) {
        throw poison;
      }
      const results = await drainRows(positions, mayWait);
      // Free again at once: what comes behind could have it.
      isHeld.clear();
      return results;
    };
    await drain.start();
    await turns();

    expect(told).toEqual([2]);
    expect(setAside.map(([position]) => position)).toEqual([4]);
    await drain.stop();
  });
});
