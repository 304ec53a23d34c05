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

  /** Takes a token, or answers the milliseconds until there is one. */
  take(nowMs: number): number | undefined {
    this.refill(nowMs);
    if (this.tokens >= ALMOST_ONE) {
      this.tokens -= 1;
      return undefined;
    }
    return Math.ceil(((1 - this.tokens) / this.perSecond) * 1000);
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
