import type { Timer } from "../../../src/lifecycle/clock";
import { TestClock, type TestClockOptions } from "../../../src/testing/test-clock";

const timers: Timer[] = [];

afterEach(() => {
  for (const timer of timers.splice(0)) {
    timer.clear();
  }
});

function setup(options: TestClockOptions = { isFrozen: true }) {
  const clock = new TestClock(options);
  const calls: [name: string, atMs: number][] = [];
  const call = (name: string) => () => void calls.push([name, Math.round(clock.monotonicMs())]);
  const setTimer = (name: string, delayMs: number): Timer => keep(clock.setTimer(call(name), delayMs));
  const setRepeating = (name: string, intervalMs: number): Timer => keep(clock.setRepeating(call(name), intervalMs));
  return { clock, calls, setTimer, setRepeating };
}

function keep(timer: Timer): Timer {
  timers.push(timer);
  return timer;
}

describe("frozen", () => {
  it("moves by `advance` only, and both of its times alike", async () => {
    const { clock } = setup();
    const startedAtMs = clock.now();
    const began = Date.now();
    while (Date.now() < began + 3) {
      // Real time goes on.
    }
    expect([clock.monotonicMs(), clock.now() - startedAtMs]).toEqual([0, 0]);

    await clock.advance(250);
    expect([clock.monotonicMs(), clock.now() - startedAtMs]).toEqual([250, 250]);

    await clock.advance(0.5);
    expect(clock.monotonicMs()).toBe(250.5);
    expect(Number.isInteger(clock.now())).toBe(true);
  });

  it("begins at the real time of day", () => {
    const before = Date.now();
    const { clock } = setup();

    expect(clock.now()).toBeGreaterThanOrEqual(before);
    expect(clock.now()).toBeLessThanOrEqual(Date.now());
  });

  it("calls what falls due in the order of its time, each at its own time, and what is due together in the order of setting", async () => {
    const { clock, calls, setTimer } = setup();
    setTimer("late", 30);
    setTimer("early", 10);
    setTimer("second at 20", 20);
    setTimer("third at 20", 20);
    setTimer("not yet", 31);

    await clock.advance(30);

    expect(calls).toEqual([
      ["early", 10],
      ["second at 20", 20],
      ["third at 20", 20],
      ["late", 30],
    ]);
    expect(clock.monotonicMs()).toBe(30);
    await clock.advance(1_000);
    expect(calls.slice(4)).toEqual([["not yet", 31]]);
  });

  it("calls a timer with no or a negative delay by an `advance` of nothing, not at once", async () => {
    const { clock, calls, setTimer } = setup();
    setTimer("zero", 0);
    setTimer("negative", -5);
    expect(calls).toEqual([]);

    await clock.advance(0);

    expect(calls).toEqual([
      ["zero", 0],
      ["negative", 0],
    ]);
  });

  it("repeats at every interval until it is cleared", async () => {
    const { clock, calls, setRepeating } = setup();
    const repeating = setRepeating("tick", 10);
    await clock.advance(25);
    await clock.advance(5);
    expect(calls).toEqual([
      ["tick", 10],
      ["tick", 20],
      ["tick", 30],
    ]);

    repeating.clear();
    await clock.advance(100);
    expect(calls).toHaveLength(3);
  });

  it("does not call what was cleared, also by a callback of the same moment", async () => {
    const { clock, calls, setTimer } = setup();
    const before = setTimer("cleared before", 10);
    before.clear();
    before.clear();
    const later = { timer: undefined as Timer | undefined };
    keep(clock.setTimer(() => later.timer?.clear(), 10));
    later.timer = setTimer("cleared by the other", 10);

    await clock.advance(100);

    expect(calls).toEqual([]);
  });

  it("lets a repeating timer clear itself", async () => {
    const { clock } = setup();
    let calls = 0;
    const repeating = keep(
      clock.setRepeating(() => {
        calls += 1;
        repeating.clear();
      }, 10),
    );

    await clock.advance(100);

    expect(calls).toBe(1);
  });

  it("calls a timer that a callback or what follows from it has set, if it falls due in the same advance", async () => {
    const { clock, calls, setTimer } = setup();
    keep(
      clock.setTimer(() => {
        setTimer("from the callback", 5);
        void Promise.resolve().then(() => setTimer("from its promise", 7));
        setImmediate(() => setTimer("from the next turn", 8));
        setTimer("too late", 91);
      }, 10),
    );

    await clock.advance(100);

    expect(calls).toEqual([
      ["from the callback", 15],
      ["from its promise", 17],
      ["from the next turn", 18],
    ]);
  });

  it("lets the promises of the last callback settle before `advance` resolves", async () => {
    const { clock } = setup();
    const steps: string[] = [];
    keep(
      clock.setTimer(() => {
        void Promise.resolve()
          .then(() => {})
          .then(() => steps.push("settled"));
      }, 10),
    );

    await clock.advance(10);
    steps.push("advanced");

    expect(steps).toEqual(["settled", "advanced"]);
  });
});

describe("not frozen", () => {
  it("goes on with real time, and skips what it is told on top", async () => {
    const { clock } = setup({});
    const began = Date.now();
    while (Date.now() < began + 3) {
      // Real time goes on.
    }
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(3);
    const [monotonicMs, now] = [clock.monotonicMs(), clock.now()];

    await clock.advance(60_000);

    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(monotonicMs + 60_000);
    expect(clock.now()).toBeGreaterThanOrEqual(now + 60_000);
    expect(clock.monotonicMs()).toBeLessThan(monotonicMs + 90_000);
  });

  it("calls a timer when its time has really come", async () => {
    const { clock } = setup({});

    // What keeps no process alive waits beside something that does.
    const alive = setInterval(() => {}, 1_000);
    const atMs = await new Promise<number>((resolve) => keep(clock.setTimer(() => resolve(clock.monotonicMs()), 5)));
    clearInterval(alive);

    expect(atMs).toBeGreaterThanOrEqual(4);
  });

  it("calls a timer that is skipped to, once, and nothing of later", async () => {
    const { clock, calls, setTimer } = setup({});
    setTimer("in an hour", 3_600_000);
    setTimer("in a day", 86_400_000);

    await clock.advance(3_600_000);
    await clock.advance(1_000);

    expect(calls.map(([name]) => name)).toEqual(["in an hour"]);
  });

  it("calls a timer in the real time that is left after a skip", async () => {
    const { clock } = setup({});
    const alive = setInterval(() => {}, 1_000);
    const called = new Promise<number>((resolve) =>
      keep(clock.setTimer(() => resolve(clock.monotonicMs()), 3_600_050)),
    );

    await clock.advance(3_600_000);

    expect(await called).toBeGreaterThanOrEqual(3_600_049);
    clearInterval(alive);
  });

  it("repeats in real time and by skipping", async () => {
    const { clock, calls, setRepeating } = setup({});
    const repeating = setRepeating("tick", 60_000);
    await clock.advance(120_000);
    expect(calls).toHaveLength(2);

    repeating.clear();
    await clock.advance(120_000);
    expect(calls).toHaveLength(2);
    const alive = setInterval(() => {}, 1_000);
    let ticks = 0;
    await new Promise<void>((resolve) => {
      const real = keep(
        clock.setRepeating(() => {
          ticks += 1;
          if (ticks === 3) {
            real.clear();
            resolve();
          }
        }, 2),
      );
    });
    clearInterval(alive);
    expect(ticks).toBe(3);
  });
});
