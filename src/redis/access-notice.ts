import { createClient } from "redis";

import type { RedisNames } from "./redis-names";

const TIMEOUT_MS = 2_000;

/** Tells all nodes from outside. Rejects when Redis does not answer; they then see it at their next look. */
export async function announceAccessChange(url: string, { accessChannel }: RedisNames): Promise<void> {
  const client = createClient({
    url,
    socket: { connectTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS, reconnectStrategy: false },
  });
  client.on("error", () => {
    // What is asked of it rejects too.
  });
  try {
    await client.connect();
    await client.publish(accessChannel, "changed");
  } finally {
    if (client.isOpen) {
      client.destroy();
    }
  }
}
