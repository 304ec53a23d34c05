import { type LoopTimes, PacingWindow } from "../../../src/broadcast/pacing-window";

/** A process that runs rounds, busy for a share of the time. */
function setup(maxMs = 25) {
  let times: LoopTimes = { active: 1_000, idle: 5_000 };
  const window = new PacingWindow(maxMs, () => times);
  return {
    /** Rounds of 4 ms, one every `intervalMs`, with so many packets for each connection; answers the last window. */
    run(busyShare: number, packetsEach = 1, { rounds = 100, intervalMs = 10 } = {}): number {
      let ms = 0;
      for (let round = 0; round < rounds; round += 1) {
        const active = intervalMs * busyShare;
        times = { active: times.active + active, idle: times.idle + intervalMs - active };
        ms = window.after({ durationMs: 4, packets: 500 * packetsEach, connections: 500 });
      }
      return ms;
    },
  };
}

it("is closed while the process is quiet", () => {
  const { run } = setup();

  expect(run(0)).toBe(0);
  expect(run(0.5)).toBe(0);
  expect(run(0.74)).toBe(0);
});

it("opens with the load, up to the longest", () => {
  const { run } = setup();
  const opened = [0.8, 0.9, 0.95].map((share) => run(share));

  expect(opened).toEqual(opened.toSorted((a, b) => a - b));
  expect(opened[0]).toBeGreaterThan(0);
  expect(opened.at(-1)).toBeLessThan(25);
  expect(run(1)).toBeCloseTo(25, 1);
});

it("counts what pacing saves as load, so that it does not close because it helps", () => {
  const { run } = setup();

  expect(run(0.5, 10)).toBe(25);
});

it("closes when the load is gone", () => {
  const { run } = setup();
  run(1);

  expect(run(0.2, 1, { rounds: 30 })).toBe(0);
});

it("closes at once after a pause", () => {
  const { run } = setup();
  run(1);

  expect(run(0.01, 1, { rounds: 1, intervalMs: 5_000 })).toBe(0);
});

it("does not open for one burst in a quiet process", () => {
  const { run } = setup();
  run(0.1);

  expect(run(1, 1, { rounds: 1 })).toBe(0);
});

it("stays closed where the longest is 0", () => {
  const { run } = setup(0);

  expect(run(1, 10)).toBe(0);
});

it("is closed for a loop whose times stand still", () => {
  const window = new PacingWindow(25, () => ({ active: 0, idle: 0 }));

  expect(window.after({ durationMs: 0, packets: 1, connections: 1 })).toBe(0);
});
