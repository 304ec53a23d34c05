import { setAwakeTimer } from "../../../src/lifecycle/set-awake-timer";
import { TestClock } from "../../../src/testing/test-clock";

function setup() {
  const clock = new TestClock({ isFrozen: true });
  let standstillMs = 0;
  const calls: number[] = [];
  const timer = setAwakeTimer(
    {
      monotonicMs: () => clock.monotonicMs() + standstillMs,
      setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
    },
    () => calls.push(clock.monotonicMs()),
    1_000,
  );
  return {
    ...{ clock, timer, calls },
    standStill: (ms: number) => {
      standstillMs += ms;
    },
  };
}

it("calls when its time is over", async () => {
  const { clock, calls } = setup();
  await clock.advance(999);
  expect(calls).toEqual([]);
  await clock.advance(1);

  expect(calls).toEqual([1_000]);
});

it("begins again when the process stood still", async () => {
  const { clock, calls, standStill } = setup();
  standStill(2_000);
  await clock.advance(1_999);
  expect(calls).toEqual([]);
  await clock.advance(1);

  expect(calls).toEqual([2_000]);
});

it("calls nothing once it is cleared, also when its time is over", async () => {
  const { clock, calls, timer, standStill } = setup();
  standStill(2_000);
  await clock.advance(1_000);
  timer.clear();
  await clock.advance(10_000);

  expect(calls).toEqual([]);
});
