import { ApiRateLimiter } from "../../../src/middleware/limit-api-rate";
import { TestClock } from "../../../src/testing/test-clock";

function setup(rates: Partial<ConstructorParameters<typeof ApiRateLimiter>[0]> = {}) {
  const clock = new TestClock({ isFrozen: true });
  return { clock, limiter: new ApiRateLimiter({ enabled: "on", apiPerSecond: 10, apiBurst: 20, ...rates }, clock) };
}

it("says what is left, and when all of it is there again", async () => {
  const { clock, limiter } = setup();

  expect(limiter.take("a", 5)).toEqual({ limit: 20, remaining: 15, resetMs: expect.closeTo(500, -1) });
  await clock.advance(250);
  expect(limiter.take("a", 1)).toMatchObject({ remaining: 16 });
});

it("refuses what is not there, without taking it", () => {
  const { limiter } = setup();
  limiter.take("a", 15);

  const refused = limiter.take("a", 10);
  expect(refused).toMatchObject({ remaining: 5 });
  expect(refused?.waitMs).toBeGreaterThan(400);
  expect(refused?.waitMs).toBeLessThanOrEqual(500);
  expect(limiter.take("a", 5)).not.toHaveProperty("waitMs");
});

it("lends a full bucket more than it holds, and is paid back", async () => {
  const { clock, limiter } = setup();

  expect(limiter.take("a", 1_000)).not.toHaveProperty("waitMs");
  await clock.advance(97_000);
  expect(limiter.take("a", 1)?.waitMs).toBeGreaterThan(0);
  await clock.advance(2_000);
  expect(limiter.take("a", 1)).not.toHaveProperty("waitMs");
});

it.each([1, 20])("lends it also to a request that has taken its first call, with a burst of %i", (apiBurst) => {
  const { limiter } = setup({ apiBurst });

  expect(limiter.take("a", 1)).not.toHaveProperty("waitMs");
  expect(limiter.take("a", 999, 1)).not.toHaveProperty("waitMs");
  expect(limiter.take("a", 1)?.waitMs).toBeGreaterThan(90_000);
});

it("keeps callers apart", () => {
  const { limiter } = setup();
  limiter.take("a", 20);

  expect(limiter.take("b", 20)).not.toHaveProperty("waitMs");
});

it.each([{ enabled: "off" as const }, { apiPerSecond: 0 }])("has no limit with %j", (rates) => {
  expect(setup(rates).limiter.take("a", 1_000_000)).toBeUndefined();
});
