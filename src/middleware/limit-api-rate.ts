import type { RoomfulConfig } from "../config/config";
import type { Clock } from "../lifecycle/clock";
import { TokenBucket } from "./token-bucket";

type Rates = Pick<RoomfulConfig["rateLimits"], "enabled" | "apiPerSecond" | "apiBurst">;

/** What a caller has taken of its allowance. */
export interface TakenFromRate {
  limit: number;
  remaining: number;
  /** Until all of it is there again. */
  resetMs: number;
  /** Set when it was not enough: how long to wait. */
  waitMs?: number;
}

/** The rate of each caller of the HTTP API on this node. There are as many as keys in the configuration. */
export class ApiRateLimiter {
  private readonly buckets = new Map<string, TokenBucket>();

  constructor(
    private readonly rates: Rates,
    private readonly clock: Clock,
  ) {}

  /** Takes calls of the caller's allowance, besides those that were `taken` for the same request; undefined: there is no limit. */
  take(caller: string, calls: number, taken = 0): TakenFromRate | undefined {
    const { enabled, apiPerSecond, apiBurst } = this.rates;
    if (enabled === "off" || apiPerSecond === 0) {
      return undefined;
    }
    const nowMs = this.clock.monotonicMs();
    let bucket = this.buckets.get(caller);
    if (!bucket) {
      bucket = new TokenBucket(apiPerSecond, apiBurst, nowMs);
      this.buckets.set(caller, bucket);
    }
    const waitMs = bucket.take(nowMs, calls, taken);
    const { left, fullInMs } = bucket.level;
    return { limit: apiBurst, remaining: left, resetMs: fullInMs, ...(waitMs !== undefined && { waitMs }) };
  }
}
