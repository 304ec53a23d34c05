import type { RedisCommands } from "./redis-connection";

/** What Redis does when its memory is full; undefined: it does not say. */
export async function readEvictionPolicy(commands: Pick<RedisCommands, "info">): Promise<string | undefined> {
  // CONFIG GET says it too, and needs a right that a node has no other use for.
  const text = await commands.info("memory");
  return /^maxmemory_policy:(\S+)/m.exec(text)?.[1];
}
