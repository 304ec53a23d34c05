import type { RedisClientOptions } from "redis";

const CONNECT_TIMEOUT_MS = 2_000;
/** A connection on which nothing comes is dead: Redis is stopped, or the network swallows it. */
const SILENCE_TIMEOUT_MS = 5_000;
const PING_INTERVAL_MS = 1_500;

/** How every client of ours behaves: it fails instead of waiting, and does not come back by itself. */
export function clientOptions() {
  // New ones for each client: it writes into what it is given.
  return {
    pingInterval: PING_INTERVAL_MS,
    disableOfflineQueue: true,
    // No commands but those that a node has a use for: each needs a right (redis-acl.ts).
    disableClientInfo: true,
    maintNotifications: "disabled",
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS, reconnectStrategy: false },
  } as const satisfies RedisClientOptions;
}
