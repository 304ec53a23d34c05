/** Fractions of tokens are not exact, and who waits as long as told must be let through. */
const ALMOST_ONE = 1 - 1e-9;

/** Lets `burst` calls through at once and `perSecond` in the long run. */
export class TokenBucket {
  private tokens: number;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private refilledAtMs: number,
  ) {
    this.tokens = burst;
  }

  /**
   * Takes tokens, or answers the milliseconds until there are as many. More than the bucket holds are lent to a full one,
   * and have to come back before the next is given.
   *
   * @param taken tokens that the same call has taken a moment ago: without them, no bucket would be full.
   */
  take(nowMs: number, count = 1, taken = 0): number | undefined {
    const waitMs = this.wait(nowMs, count, taken);
    if (waitMs === undefined) {
      this.tokens -= count;
    }
    return waitMs;
  }

  /** What `take` would answer. Takes nothing. */
  wait(nowMs: number, count = 1, taken = 0): number | undefined {
    this.refill(nowMs);
    const needed = Math.min(count, this.burst - taken);
    return this.tokens >= needed * ALMOST_ONE ? undefined : Math.ceil(((needed - this.tokens) / this.perSecond) * 1000);
  }

  /** What is left, and the milliseconds until all of it is there again. */
  get level(): { left: number; fullInMs: number } {
    return {
      left: Math.max(0, Math.floor(this.tokens + 1 - ALMOST_ONE)),
      fullInMs: ((this.burst - this.tokens) / this.perSecond) * 1000,
    };
  }

  /** True when nobody has taken anything for long enough: a new bucket would be the same. */
  isFull(nowMs: number): boolean {
    this.refill(nowMs);
    return this.tokens >= this.burst;
  }

  private refill(nowMs: number): void {
    this.tokens = Math.min(this.burst, this.tokens + ((nowMs - this.refilledAtMs) / 1000) * this.perSecond);
    this.refilledAtMs = nowMs;
  }
}
