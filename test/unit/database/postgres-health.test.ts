import { PostgresHealth } from "../../../src/database/postgres-health";
import type { ProbeAnswer } from "../../../src/database/postgres-probe";
import { TestClock } from "../../../src/testing/test-clock";

interface Probe {
  answer(answer?: ProbeAnswer): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** Time that goes on while nothing of the process does. */
class StandingClock extends TestClock {
  stoodMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.stoodMs;
  }
}

const away = new Error("Postgres is away");
const SAME: ProbeAnswer = { isAnotherHistory: false };
const ANOTHER: ProbeAnswer = { isAnotherHistory: true };

async function setup({ isStarted = true } = {}) {
  const clock = new StandingClock({ isFrozen: true });
  const probes: Probe[] = [];
  const told: unknown[] = [];
  /** What a read is answered with; it counts too. */
  const reads = { count: 0, answer: (): Promise<ProbeAnswer> => Promise.reject(away) };
  let abandoned = 0;
  const health = new PostgresHealth({
    probe: {
      write: () =>
        new Promise((resolve, reject) => {
          probes.push({
            answer: (answer = SAME) => {
              resolve(answer);
              return clock.advance(0);
            },
            fail: (error) => {
              reject(error);
              return clock.advance(0);
            },
          });
        }),
      read() {
        reads.count += 1;
        return reads.answer();
      },
      abandon() {
        abandoned += 1;
        void probes.at(-1)?.fail(new Error("abandoned"));
      },
      open: async () => {},
      close: async () => {},
    },
    intervalMs: 1_000,
    clock,
    onDown: (error) => told.push(error),
    onNotStoring: (problem) => told.push(problem),
    onUp: () => told.push("up"),
    onAnotherHistory: () => told.push("another"),
  });
  if (isStarted) {
    await health.start();
  }
  return { clock, probes, told, health, reads, abandoned: () => abandoned };
}

it("takes Postgres for up until it is known to be down", async () => {
  const { health, told } = await setup({ isStarted: false });

  expect(health.isUp).toBe(true);
  expect(told).toEqual([]);
});

it("does not take its own standstill for a Postgres that is silent", async () => {
  const { health, clock, probes, told } = await setup();
  await clock.advance(1_000);
  clock.stoodMs += 4_500;
  await clock.advance(0);
  await probes[0]?.answer();
  await clock.advance(900);

  expect(health.isUp).toBe(true);
  expect(told).toEqual([]);
});

it("asks at every interval, and says nothing while Postgres answers", async () => {
  const { health, clock, probes, told } = await setup();
  for (const count of [1, 2, 3]) {
    await clock.advance(999);
    expect(probes).toHaveLength(count - 1);
    await clock.advance(1);
    expect(probes).toHaveLength(count);
    await probes.at(-1)?.answer();
  }

  expect(health.isUp).toBe(true);
  expect(told).toEqual([]);
});

it("tells once that Postgres is down, and once that it is up again", async () => {
  const { health, clock, probes, told } = await setup();
  await clock.advance(1_000);
  await probes[0]?.fail(away);
  expect(health.isUp).toBe(false);
  expect(told).toEqual([away]);

  await clock.advance(1_000);
  await probes[1]?.fail(new Error("still away"));
  expect(told).toEqual([away]);

  await clock.advance(1_000);
  await probes[2]?.answer();
  expect(health.isUp).toBe(true);
  expect(told).toEqual([away, "up"]);

  await clock.advance(1_000);
  await probes[3]?.answer();
  expect(told).toEqual([away, "up"]);

  await clock.advance(1_000);
  await probes[4]?.fail(away);
  expect(told).toEqual([away, "up", away]);
});

it("takes a probe without an answer for 2 s for a failed one, and writes nothing else until it has ended", async () => {
  const { health, clock, probes, told } = await setup();
  await clock.advance(1_000);
  await clock.advance(1_999);
  expect(health.isUp).toBe(true);

  await clock.advance(1);
  expect(health.isUp).toBe(false);
  expect(told).toEqual([expect.any(Error)]);
  await clock.advance(2_000);
  expect(probes).toHaveLength(1);

  await probes[0]?.fail(away);
  expect(told).toHaveLength(1);
  await clock.advance(1_000);
  expect(probes).toHaveLength(2);
});

it("takes an answer that comes late for an answer", async () => {
  const { health, clock, probes, told } = await setup();
  await clock.advance(3_000);
  expect(health.isUp).toBe(false);

  await probes[0]?.answer();

  expect(health.isUp).toBe(true);
  expect(told).toEqual([expect.any(Error), "up"]);
});

it("does not call a probe late that has answered", async () => {
  const { health, clock, probes, told } = await setup();
  await clock.advance(1_000);
  await probes[0]?.answer();

  // The next probe begins at once and is older than none of the last one's 2 s.
  await clock.advance(1_000);
  await clock.advance(1_500);

  expect(probes).toHaveLength(2);
  expect(health.isUp).toBe(true);
  expect(told).toEqual([]);
});

it("asks now when something else could not reach Postgres, once at a time", async () => {
  const { health, clock, probes, told } = await setup();

  health.check();
  health.check();
  expect(probes).toHaveLength(1);
  await clock.advance(1_000);
  expect(probes).toHaveLength(1);

  await probes[0]?.fail(away);
  expect(told).toEqual([away]);
  health.check();
  expect(probes).toHaveLength(2);
});

it("asks nothing before its start and after its stop, which may come twice", async () => {
  const { health, clock, probes } = await setup({ isStarted: false });
  health.check();
  await health.stop();
  expect(probes).toEqual([]);

  await health.start();
  await clock.advance(1_000);
  await probes[0]?.answer();
  await health.stop();
  await health.stop();
  health.check();
  await clock.advance(10_000);

  expect(probes).toHaveLength(1);
});

it("does not tell of a probe that fails because everything is being stopped", async () => {
  const { health, clock, probes, told } = await setup();
  await clock.advance(1_000);
  await health.stop();

  await probes[0]?.fail(away);

  expect(told).toEqual([]);
});

it("does not tell of a probe that answers after everything was stopped", async () => {
  const { clock, probes, told, health } = await setup();
  await clock.advance(1_000);
  await probes[0]?.fail(away);
  await clock.advance(1_000);
  await health.stop();

  await probes[1]?.answer();

  expect(told).toEqual([away]);
});

it("does not call a probe late after everything was stopped", async () => {
  const { clock, probes, told, health } = await setup();
  await clock.advance(1_000);
  expect(probes).toHaveLength(1);
  await health.stop();

  await clock.advance(10_000);

  expect(told).toEqual([]);
});

describe("a Postgres that answers and does not store", () => {
  it("is read-only, by the code of the write", async () => {
    const { health, clock, probes, told, reads } = await setup();
    reads.answer = async () => SAME;
    await clock.advance(1_000);
    await probes[0]?.fail(Object.assign(new Error("read-only"), { code: "25006" }));
    expect([health.isUp, health.problem]).toEqual([true, "Postgres is read-only"]);

    await clock.advance(1_000);
    await probes[1]?.fail(Object.assign(new Error("read-only"), { code: "25006" }));
    await clock.advance(1_000);
    await probes[2]?.answer();

    expect(health.problem).toBeUndefined();
    expect(told).toEqual(["Postgres is read-only", "up"]);
  });

  it("does not commit, when a write has no answer and a read has", async () => {
    const { health, clock, probes, told, reads } = await setup();
    reads.answer = async () => SAME;
    await clock.advance(1_000);
    await clock.advance(1_000);
    expect([reads.count, health.problem]).toEqual([1, undefined]);
    await clock.advance(1_000);
    expect([health.isUp, health.problem]).toEqual([true, "Postgres does not commit"]);

    await probes[0]?.answer();

    expect(told).toEqual(["Postgres does not commit", "up"]);
  });

  it("is told apart from one that is away whenever that changes", async () => {
    const { health, clock, probes, told, reads } = await setup();
    await clock.advance(3_000);
    expect([health.isUp, health.problem]).toEqual([false, "Postgres does not answer"]);
    reads.answer = async () => SAME;
    await clock.advance(1_000);
    expect([health.isUp, health.problem]).toEqual([true, "Postgres does not commit"]);
    reads.answer = () => Promise.reject(away);
    await clock.advance(1_000);

    expect([health.isUp, health.problem]).toEqual([false, "Postgres does not answer"]);
    expect(told).toEqual([expect.any(Error), "up", "Postgres does not commit", away]);
    expect(probes).toHaveLength(1);
  });

  it("is given a new write after a while, later each time: each that hangs may hold a connection of Postgres", async () => {
    const { clock, probes, reads, abandoned } = await setup();
    reads.answer = async () => SAME;
    const abandonedAt: number[] = [];
    for (let second = 1; second <= 60; second += 1) {
      const before = abandoned();
      await clock.advance(1_000);
      if (abandoned() > before) {
        abandonedAt.push(second);
      }
    }

    expect(abandonedAt).toEqual([6, 17, 38]);
    expect(probes).toHaveLength(4);
  });
});

describe("a Postgres that is another one", () => {
  it("is told of although nothing failed, each time once", async () => {
    const { clock, probes, told } = await setup();
    for (const answer of [SAME, ANOTHER, SAME, ANOTHER]) {
      await clock.advance(1_000);
      await probes.at(-1)?.answer(answer);
    }

    expect(told).toEqual(["another", "another"]);
  });

  it("is found by the read while the write still waits for the one before, and is written to then", async () => {
    const { health, clock, probes, told, reads, abandoned } = await setup();
    await clock.advance(1_000);
    reads.answer = async () => ANOTHER;
    await clock.advance(1_000);
    expect([told, abandoned()]).toEqual([["another"], 1]);

    reads.answer = async () => SAME;
    await clock.advance(1_000);
    await probes[1]?.answer();

    expect(health.problem).toBeUndefined();
  });
});
