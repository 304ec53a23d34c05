import { createConnectionFactory } from "./create-connection";
import type { RedisNames } from "./redis-names";

/** Tells all nodes from outside. Rejects when Redis does not answer; they then see it at their next look. */
export async function announceAccessChange(url: string, names: RedisNames): Promise<void> {
  const connection = createConnectionFactory(url, names).create(() => {
    // What is asked of it rejects too.
  });
  try {
    await connection.connect();
    await connection.publish(names.accessChannel, "changed");
  } finally {
    connection.destroy();
  }
}
