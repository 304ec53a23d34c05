import { parseRedisAddress } from "../config/redis-address";
import { clientOptions } from "./client-options";
import type { RedisConnection } from "./redis-connection";
import { SentinelConnection } from "./sentinel-connection";
import { ServerConnection } from "./server-connection";

export type ConnectionFactory = (onLost: (error: unknown) => void) => RedisConnection;

/** Makes connections to what REDIS_URL names. */
export function createConnectionFactory(text: string): ConnectionFactory {
  const address = parseRedisAddress(text);
  if (address.kind === "sentinel") {
    return (onLost) => new SentinelConnection(address, onLost);
  }
  const { url } = address;
  const isSecure = url.startsWith("rediss:");
  return (onLost) => new ServerConnection({ isSecure, onLost, createOptions: () => ({ ...clientOptions(), url }) });
}
