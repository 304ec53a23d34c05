import { TokenBucket } from "../../../src/middleware/token-bucket";

/** How many calls in a row the bucket lets through at a moment. */
function takeAll(bucket: TokenBucket, nowMs: number): number {
  for (let taken = 0; taken < 1_000; taken += 1) {
    if (bucket.take(nowMs) !== undefined) {
      return taken;
    }
  }
  return Number.POSITIVE_INFINITY;
}

it("lets the burst through at once, and no more", () => {
  expect(takeAll(new TokenBucket(20, 40, 0), 0)).toBe(40);
});

it("answers the milliseconds to wait, after which there is one", () => {
  const bucket = new TokenBucket(20, 1, 0);
  takeAll(bucket, 0);

  expect(bucket.take(0)).toBe(50);
  expect(bucket.take(30)).toBe(20);
  expect(bucket.take(50)).toBeUndefined();
  expect(bucket.take(50)).toBe(50);
});

it("rounds the wait up: who waits that long is not refused again", () => {
  const bucket = new TokenBucket(3, 1, 0);
  takeAll(bucket, 0);

  expect(bucket.take(0)).toBe(334);
  expect(bucket.take(334)).toBeUndefined();
});

it("does not make a refused call wait longer", () => {
  const bucket = new TokenBucket(1, 1, 0);
  takeAll(bucket, 0);
  for (let ms = 0; ms < 1_000; ms += 10) {
    expect(bucket.take(ms)).toBe(1_000 - ms);
  }

  expect(bucket.take(1_000)).toBeUndefined();
});

it("lets its rate through in the long run", () => {
  const bucket = new TokenBucket(20, 40, 0);
  let taken = 0;
  for (let ms = 0; ms < 100_000; ms += 10) {
    taken += bucket.take(ms) === undefined ? 1 : 0;
  }

  expect(taken).toBeGreaterThanOrEqual(40 + 20 * 99);
  expect(taken).toBeLessThanOrEqual(40 + 20 * 100);
});

it("saves up the burst, and no more, however long nobody comes", () => {
  const bucket = new TokenBucket(20, 40, 0);
  takeAll(bucket, 0);

  expect(takeAll(bucket, 3_600_000)).toBe(40);
});

it("counts from the moment it is made, whatever the clock begins with", () => {
  const bucket = new TokenBucket(1, 2, 5_000_000);
  expect(takeAll(bucket, 5_000_000)).toBe(2);
  expect(takeAll(bucket, 5_001_000)).toBe(1);
});

it("is full before the first call, and again when all is refilled", () => {
  const bucket = new TokenBucket(10, 2, 0);
  expect(bucket.isFull(0)).toBe(true);

  bucket.take(0);
  bucket.take(0);
  expect(bucket.isFull(0)).toBe(false);
  expect(bucket.isFull(199)).toBe(false);
  expect(bucket.isFull(200)).toBe(true);
});

it.each(Array.from({ length: 200 }, (_, index) => index + 1))(
  "lets through who waits as long as told, at %i a second",
  (perSecond) => {
    const bucket = new TokenBucket(perSecond, 1, 0);
    let nowMs = 0;
    for (let call = 0; call < 20; call += 1) {
      bucket.take(nowMs);
      nowMs += bucket.take(nowMs) ?? 0;
      expect(bucket.take(nowMs)).toBeUndefined();
      nowMs += call * 0.37;
    }
  },
);
