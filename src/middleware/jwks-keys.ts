import { createPublicKey, type KeyObject } from "node:crypto";
import { JwksClient } from "jwks-rsa";

import { RoomfulError } from "../contract/roomful-error";
import type { Clock } from "../lifecycle/clock";

export interface JwksKeysOptions {
  /** Answers the source's keys; rejects when it does not answer. */
  fetchKeys(): Promise<readonly { kid: string; key: KeyObject }[]>;
  clock: Pick<Clock, "monotonicMs">;
  onError(error: unknown): void;
}

/** An unknown `kid` costs at most one request in this time, whatever clients send. */
const REFETCH_INTERVAL_MS = 30_000;
/** Known keys are looked at again after this, so that a withdrawn one ends. */
const REFRESH_AFTER_MS = 300_000;
/** Keys of a source that does not answer count for this long. */
const STALE_AFTER_MS = 600_000;
const UNAVAILABLE_RETRY_MS = 5_000;

/** Public keys that a JWKS address hands out, by `kid`. */
export class JwksKeys {
  private keys = new Map<string, KeyObject>();
  private fetchedAtMs = Number.NEGATIVE_INFINITY;
  private triedAtMs = Number.NEGATIVE_INFINITY;
  private hasFailed = false;
  private fetching: Promise<void> | undefined;

  constructor(private readonly options: JwksKeysOptions) {}

  /**
   * The key, or undefined when the source has no such key. Throws UNAVAILABLE when the source does not answer and
   * nothing else can tell.
   */
  async find(kid: string): Promise<KeyObject | undefined> {
    const known = this.current(kid);
    if (known) {
      if (this.ageMs() > REFRESH_AFTER_MS) {
        // Nobody waits for it.
        void this.refetch();
      }
      return known;
    }
    await this.refetch();
    const found = this.current(kid);
    if (!found && this.hasFailed) {
      throw new RoomfulError("UNAVAILABLE", { retryAfterMs: UNAVAILABLE_RETRY_MS });
    }
    return found;
  }

  private current(kid: string): KeyObject | undefined {
    return this.ageMs() <= STALE_AFTER_MS ? this.keys.get(kid) : undefined;
  }

  private ageMs(): number {
    return this.options.clock.monotonicMs() - this.fetchedAtMs;
  }

  /** Resolves when the keys are as new as they may be. Never rejects. */
  private async refetch(): Promise<void> {
    const { clock, onError } = this.options;
    if (!this.fetching && clock.monotonicMs() - this.triedAtMs >= REFETCH_INTERVAL_MS) {
      this.triedAtMs = clock.monotonicMs();
      this.fetching = this.fetch()
        .catch((error: unknown) => {
          this.hasFailed = true;
          onError(error);
        })
        .finally(() => {
          this.fetching = undefined;
        });
    }
    await this.fetching;
  }

  private async fetch(): Promise<void> {
    const found = await this.options.fetchKeys();
    this.keys = new Map(found.map(({ kid, key }) => [kid, key]));
    this.fetchedAtMs = this.options.clock.monotonicMs();
    this.hasFailed = false;
  }
}

const FETCH_TIMEOUT_MS = 5_000;

/** Asks a JWKS address over HTTP. */
export function createJwksFetcher(jwksUri: string): JwksKeysOptions["fetchKeys"] {
  const client = new JwksClient({ jwksUri, cache: false, rateLimit: false, timeout: FETCH_TIMEOUT_MS });
  return async () => {
    const keys = await client.getSigningKeys();
    return keys.map((key) => ({ kid: key.kid, key: createPublicKey(key.getPublicKey()) }));
  };
}
