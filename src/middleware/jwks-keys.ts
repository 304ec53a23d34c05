import { createPublicKey, type KeyObject } from "node:crypto";
import { JwksClient } from "jwks-rsa";

import { isShortRsaKey } from "../config/rsa-key";
import { RoomfulError } from "../contract/roomful-error";
import type { Clock } from "../lifecycle/clock";
import { TokenBucket } from "./token-bucket";

export interface JwksKeysOptions {
  /** Answers the source's keys; rejects when it does not answer. */
  fetchKeys(): Promise<readonly { kid: string; key: KeyObject }[]>;
  clock: Pick<Clock, "monotonicMs">;
  onError(error: unknown): void;
}

/** Requests for unknown `kid`s: so many at once, then one in so long, whatever clients send. A new key waits for the next at most. */
const FETCH_BURST = 3;
const FETCHES_PER_SECOND = 0.1;
/** A `kid` that the source did not know is asked for again after this: one client with an old token costs nobody else a request. */
const ABSENT_MS = 30_000;
const MAX_ABSENT = 1_000;
/** Known keys are looked at again after this, so that a withdrawn one ends. */
const REFRESH_AFTER_MS = 300_000;
/** Keys of a source that does not answer count for this long. */
const STALE_AFTER_MS = 600_000;
/** A source that does not answer is asked again after this. */
const FAILED_RETRY_MS = 5_000;
/** The source was asked before the token came: it may know more by now. */
const JOINED_RETRY_MS = 1_000;

/**
 * Public keys that a JWKS address hands out, by `kid`.
 *
 * That there is no such key is said only by a source that was asked after the token came; until it can be asked,
 * nobody knows. So strangers who make up `kid`s make others wait for a moment at most, and turn nobody away.
 */
export class JwksKeys {
  private keys = new Map<string, KeyObject>();
  private fetchedAtMs = Number.NEGATIVE_INFINITY;
  private failedAtMs = Number.NEGATIVE_INFINITY;
  private fetching: Promise<void> | undefined;
  private readonly fetches: TokenBucket;
  /** When the source last did not know them, the longest ago first. */
  private readonly absent = new Map<string, number>();

  constructor(private readonly options: JwksKeysOptions) {
    this.fetches = new TokenBucket(FETCHES_PER_SECOND, FETCH_BURST, options.clock.monotonicMs());
  }

  /** The key, or undefined when the source has no such key. Throws UNAVAILABLE when nobody can tell now. */
  async find(kid: string): Promise<KeyObject | undefined> {
    const known = this.current(kid);
    if (known) {
      if (this.nowMs() - this.fetchedAtMs > REFRESH_AFTER_MS && this.failureWaitMs() === 0) {
        // Nobody waits for it.
        void this.fetch();
      }
      return known;
    }
    const isAsked = this.fetching === undefined;
    if (isAsked) {
      this.refuseUntilItMayBeAsked(kid);
    }
    await this.fetch();
    const found = this.current(kid);
    if (found) {
      return found;
    }
    if (this.failureWaitMs() > 0 || !isAsked) {
      throw unavailable(this.failureWaitMs() || JOINED_RETRY_MS);
    }
    this.rememberAbsent(kid);
    return undefined;
  }

  private current(kid: string): KeyObject | undefined {
    return this.nowMs() - this.fetchedAtMs <= STALE_AFTER_MS ? this.keys.get(kid) : undefined;
  }

  private nowMs(): number {
    return this.options.clock.monotonicMs();
  }

  private failureWaitMs(): number {
    return Math.max(0, this.failedAtMs + FAILED_RETRY_MS - this.nowMs());
  }

  private refuseUntilItMayBeAsked(kid: string): void {
    const absentWaitMs = (this.absent.get(kid) ?? Number.NEGATIVE_INFINITY) + ABSENT_MS - this.nowMs();
    const waitMs = Math.max(this.failureWaitMs(), absentWaitMs);
    if (waitMs > 0) {
      throw unavailable(waitMs);
    }
    const rateWaitMs = this.fetches.take(this.nowMs());
    if (rateWaitMs !== undefined) {
      throw unavailable(rateWaitMs);
    }
  }

  private rememberAbsent(kid: string): void {
    // To the end, where the latest are.
    this.absent.delete(kid);
    this.absent.set(kid, this.nowMs());
    for (const [oldest, atMs] of this.absent) {
      if (this.absent.size <= MAX_ABSENT && this.nowMs() - atMs < ABSENT_MS) {
        break;
      }
      this.absent.delete(oldest);
    }
  }

  /** Resolves when the source has answered, or has failed to; one request for all who ask meanwhile. Never rejects. */
  private fetch(): Promise<void> {
    this.fetching ??= this.replaceKeys()
      .catch((error: unknown) => {
        this.failedAtMs = this.nowMs();
        this.options.onError(error);
      })
      .finally(() => {
        this.fetching = undefined;
      });
    return this.fetching;
  }

  private async replaceKeys(): Promise<void> {
    const found = await this.options.fetchKeys();
    this.keys = new Map(found.map(({ kid, key }) => [kid, key]));
    this.fetchedAtMs = this.nowMs();
    this.failedAtMs = Number.NEGATIVE_INFINITY;
  }
}

function unavailable(retryAfterMs: number): RoomfulError {
  return new RoomfulError("UNAVAILABLE", { retryAfterMs });
}

const FETCH_TIMEOUT_MS = 5_000;

/** Asks a JWKS address over HTTP. Keys that are too short to be safe are left out, and told. */
export function createJwksFetcher(
  jwksUri: string,
  onShortKey: (kid: string) => void,
  timeoutMs = FETCH_TIMEOUT_MS,
): JwksKeysOptions["fetchKeys"] {
  // jwks-rsa's own timeout begins anew with each byte: an address that drips would make all who have a new key wait for ever.
  async function fetcher(url: string): Promise<{ keys: unknown }> {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
    if (!response.ok) {
      throw new Error(`the JWKS address answers ${response.status}`);
    }
    // jwks-rsa looks at each key, and takes those that it can read.
    return (await response.json()) as { keys: unknown };
  }
  const client = new JwksClient({ jwksUri, cache: false, rateLimit: false, fetcher });
  return async () => {
    const found = await client.getSigningKeys();
    const keys = found.map((each) => ({ kid: each.kid, key: createPublicKey(each.getPublicKey()) }));
    for (const { kid } of keys.filter(({ key }) => isShortRsaKey(key))) {
      onShortKey(kid);
    }
    return keys.filter(({ key }) => !isShortRsaKey(key));
  };
}
