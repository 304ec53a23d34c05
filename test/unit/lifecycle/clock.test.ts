import { systemClock, type Timer } from "../../../src/lifecycle/clock";

const MAX_NODE_DELAY_MS = 2 ** 31 - 1;

const timers: Timer[] = [];
const keep = (timer: Timer): Timer => {
  timers.push(timer);
  return timer;
};

afterEach(() => {
  for (const timer of timers.splice(0)) {
    timer.clear();
  }
  jest.useRealTimers();
});

it("tells the time of day and a time that only grows", () => {
  const before = Date.now();
  const startedMs = systemClock.monotonicMs();
  const now = systemClock.now();

  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
  while (systemClock.monotonicMs() === startedMs) {
    // It grows by less than a millisecond.
  }
  expect(systemClock.monotonicMs()).toBeGreaterThan(startedMs);
});

it("does not go back when the time of day does", () => {
  jest.useFakeTimers({ now: 1_000_000 });
  const startedMs = systemClock.monotonicMs();

  jest.setSystemTime(0);

  expect(systemClock.now()).toBe(0);
  expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(startedMs);
});

describe("a timer", () => {
  it("calls once, after its delay", () => {
    jest.useFakeTimers();
    let calls = 0;
    keep(systemClock.setTimer(() => (calls += 1), 50));
    jest.advanceTimersByTime(49);
    expect(calls).toBe(0);

    jest.advanceTimersByTime(1);
    expect(calls).toBe(1);

    jest.advanceTimersByTime(1_000);
    expect(calls).toBe(1);
  });

  it("calls in a later turn for a delay of 0 and for one that is over already", () => {
    jest.useFakeTimers();
    const calls: string[] = [];
    keep(systemClock.setTimer(() => calls.push("zero"), 0));
    keep(systemClock.setTimer(() => calls.push("negative"), -5));
    expect(calls).toEqual([]);

    jest.advanceTimersByTime(1);
    expect(calls).toEqual(["zero", "negative"]);
  });

  it("does not call after it was cleared, which may be done twice", () => {
    jest.useFakeTimers();
    let calls = 0;
    const timer = systemClock.setTimer(() => (calls += 1), 50);

    timer.clear();
    timer.clear();
    jest.advanceTimersByTime(1_000);

    expect(calls).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it("honours a delay that is too long for Node", () => {
    jest.useFakeTimers();
    let calls = 0;
    const delayMs = 2 * MAX_NODE_DELAY_MS + 1_000;
    keep(systemClock.setTimer(() => (calls += 1), delayMs));

    jest.advanceTimersByTime(1_000);
    expect(calls).toBe(0);
    jest.advanceTimersByTime(delayMs - 1_001);
    expect(calls).toBe(0);
    jest.advanceTimersByTime(1);
    expect(calls).toBe(1);
  });

  it("can be cleared after a part of a delay that is too long for Node", () => {
    jest.useFakeTimers();
    let calls = 0;
    const timer = systemClock.setTimer(() => (calls += 1), 2 * MAX_NODE_DELAY_MS);
    jest.advanceTimersByTime(MAX_NODE_DELAY_MS + 1);

    timer.clear();
    jest.advanceTimersByTime(2 * MAX_NODE_DELAY_MS);

    expect(calls).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});

it("calls at every interval until it is cleared", () => {
  jest.useFakeTimers();
  let calls = 0;
  const timer = keep(systemClock.setRepeating(() => (calls += 1), 50));
  jest.advanceTimersByTime(149);
  expect(calls).toBe(2);
  jest.advanceTimersByTime(1);
  expect(calls).toBe(3);

  timer.clear();
  jest.advanceTimersByTime(1_000);

  expect(calls).toBe(3);
});

it("keeps no process alive with its timers", () => {
  // Only what keeps the process alive is listed.
  const listed = () => process.getActiveResourcesInfo().filter((type) => type === "Timeout").length;
  const before = listed();

  keep(systemClock.setTimer(() => {}, 60_000));
  keep(systemClock.setRepeating(() => {}, 60_000));
  expect(listed()).toBe(before);

  const ordinary = setTimeout(() => {}, 60_000);
  expect(listed()).toBe(before + 1);
  clearTimeout(ordinary);
});
