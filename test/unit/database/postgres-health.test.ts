import { PostgresHealth } from "../../../src/database/postgres-health";
import { TestClock } from "../../../src/testing/test-clock";

interface Probe {
  answer(): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** Time that goes on while nothing of the process does. */
class StandingClock extends TestClock {
  stoodMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.stoodMs;
  }
}

async function setup({ isStarted = true } = {}) {
  const clock = new StandingClock({ isFrozen: true });
  const probes: Probe[] = [];
  const told: unknown[] = [];
  const health = new PostgresHealth({
    probe: () =>
      new Promise<void>((resolve, reject) => {
        probes.push({
          answer: () => {
            resolve();
            return clock.advance(0);
          },
          fail: (error) => {
            reject(error);
            return clock.advance(0);
          },
        });
      }),
    intervalMs: 1_000,
    clock,
    onDown: (error) => told.push(error),
    onUp: () => told.push("up"),
  });
  if (isStarted) {
    await health.start();
  }
  return { clock, probes, told, health };
}

const away = new Error("Postgres is away");

it("takes Postgres for up until it is known to be down", async () => {
  const { health, told } = await setup({ isStarted: false });

  expect(health.isUp).toBe(true);
  expect(told).toEqual([]);
});

it("does not take its own standstill for a Postgres that is silent", async () => {
  const { health, clock, probes, told } = await setup();
  await clock.advance(1_000);
  clock.stoodMs += 5_000;
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

it("takes a probe without an answer for 2 s for a failed one, and asks nothing else until it has ended", async () => {
  const { health, clock, probes, told } = await setup();
  await clock.advance(1_000);
  await clock.advance(1_999);
  expect(health.isUp).toBe(true);

  await clock.advance(1);
  expect(health.isUp).toBe(false);
  expect(told).toEqual([expect.any(Error)]);
  await clock.advance(10_000);
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
