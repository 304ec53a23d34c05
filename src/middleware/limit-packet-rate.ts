import type { RoomfulConfig } from "../config/config";
import type { ClientEvent } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { Clock, Timer } from "../lifecycle/clock";
import type { PacketCheck } from "./check-packets";
import { TokenBucket } from "./token-bucket";

type Group = "message" | "messageBytes" | "join" | "typing" | "history";
type Rates = Pick<RoomfulConfig["rateLimits"], "enabled" | `${Group}PerSecond` | `${Group}Burst`>;

/** Which rate an event counts against. `refresh_token` verifies a signature, and leaves bring joins. */
const GROUPS: Record<ClientEvent, Exclude<Group, "messageBytes">> = {
  message: "message",
  join: "join",
  leave: "join",
  typing: "typing",
  history: "history",
  presence: "history",
  rooms: "history",
  refresh_token: "history",
};

const SWEEP_INTERVAL_MS = 10_000;

/** Rates of each user on this node, over all sockets: a second tab brings no second allowance. */
export class UserRateLimiter {
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly sweeper: Timer;

  constructor(
    private readonly rates: Rates,
    private readonly clock: Clock,
  ) {
    this.sweeper = clock.setRepeating(() => this.sweep(), SWEEP_INTERVAL_MS);
  }

  /** Takes one event of the user's allowance, or answers the milliseconds to wait. */
  take(userId: string, event: ClientEvent): number | undefined {
    return this.bucketOf(`${event} ${userId}`, GROUPS[event])?.take(this.clock.monotonicMs());
  }

  /** The same for a message, and its bytes: each goes to everybody in its room. One that has to wait takes neither. */
  takeMessage(userId: string, bytes: number): number | undefined {
    const nowMs = this.clock.monotonicMs();
    const messages = this.bucketOf(`message ${userId}`, "message");
    const content = this.bucketOf(`messageBytes ${userId}`, "messageBytes");
    const waitMs = Math.max(messages?.wait(nowMs) ?? 0, content?.wait(nowMs, bytes) ?? 0);
    if (waitMs > 0) {
      return waitMs;
    }
    messages?.take(nowMs);
    content?.take(nowMs, bytes);
    return undefined;
  }

  stop(): void {
    this.sweeper.clear();
  }

  /** Undefined: there is no limit. */
  private bucketOf(key: string, group: Group): TokenBucket | undefined {
    const perSecond = this.rates[`${group}PerSecond`];
    if (this.rates.enabled === "off" || perSecond === 0) {
      return undefined;
    }
    let bucket = this.buckets.get(key);
    if (!bucket) {
      bucket = new TokenBucket(perSecond, this.rates[`${group}Burst`], this.clock.monotonicMs());
      this.buckets.set(key, bucket);
    }
    return bucket;
  }

  private sweep(): void {
    const nowMs = this.clock.monotonicMs();
    for (const [key, bucket] of this.buckets) {
      if (bucket.isFull(nowMs)) {
        this.buckets.delete(key);
      }
    }
  }
}

/** Refuses events that come too fast. Not `message`: what is known of its key is answered whatever the rates say. */
export function limitPacketRate(limiter: Pick<UserRateLimiter, "take">): PacketCheck {
  return ([event], socket) => {
    if (event === "message") {
      return;
    }
    // validatePacket has let through the contract's events only.
    const waitMs = limiter.take(socket.data.claims.userId, event as ClientEvent);
    if (waitMs !== undefined) {
      throw new RoomfulError("RATE_LIMITED", { retryAfterMs: waitMs });
    }
  };
}
