import { repeatDelayMs, retryDelayMs } from "../../../src/write-buffer/backoff";

const FAILURES = [1, 2, 3, 4, 5, 6, 100, 5_000];

it("doubles the delay up to half a second", () => {
  expect(FAILURES.map((failures) => retryDelayMs(failures, () => 1))).toEqual([50, 100, 200, 400, 500, 500, 500, 500]);
});

it("spreads a retry over the upper half of its delay", () => {
  expect(FAILURES.map((failures) => retryDelayMs(failures, () => 0))).toEqual([25, 50, 100, 200, 250, 250, 250, 250]);
  expect(retryDelayMs(3, () => 0.5)).toBe(150);
});

it("lets the loser of a race come back within milliseconds, later each time, half a second at most", () => {
  expect(FAILURES.map((failures) => repeatDelayMs(failures, () => 1))).toEqual([5, 10, 15, 20, 25, 30, 500, 500]);
});

it("spreads a repeat from at once to its whole delay, so that two losers part", () => {
  expect(repeatDelayMs(4, () => 0)).toBe(0);
  expect(repeatDelayMs(4, () => 0.5)).toBe(10);
});
