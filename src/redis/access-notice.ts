import { createClient } from "redis";

/** Says that memberships or revocations in Postgres have changed. It carries nothing: nodes read the tables. */
export const ACCESS_CHANNEL = "roomful:access";

/** Says that rooms in Postgres have changed, their delivery mode for instance. It carries nothing either. */
export const ROOMS_CHANNEL = "roomful:rooms";

const TIMEOUT_MS = 2_000;

/** Tells all nodes from outside. Rejects when Redis does not answer; they then see it at their next look. */
export async function announceAccessChange(url: string): Promise<void> {
  const client = createClient({
    url,
    socket: { connectTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS, reconnectStrategy: false },
  });
  client.on("error", () => {
    // What is asked of it rejects too.
  });
  try {
    await client.connect();
    await client.publish(ACCESS_CHANNEL, "changed");
  } finally {
    if (client.isOpen) {
      client.destroy();
    }
  }
}
