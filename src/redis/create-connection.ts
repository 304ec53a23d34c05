import { parseRedisAddress } from "../config/redis-address";
import { clientOptions } from "./client-options";
import { ClusterConnection, LANES } from "./cluster-connection";
import type { RedisConnection } from "./redis-connection";
import type { RedisNames } from "./redis-names";
import { SentinelConnection } from "./sentinel-connection";
import { ServerConnection } from "./server-connection";

/** Makes connections to what REDIS_URL names. */
export interface ConnectionFactory {
  /** Ways that messages can take. */
  ways: number;
  /** One that is not yet connected; `onLost` is told when it was and is no more, perhaps more than once. */
  create(onLost: (error: unknown) => void): RedisConnection;
}

export function createConnectionFactory(text: string, names: Pick<RedisNames, "laneChannels">): ConnectionFactory {
  const address = parseRedisAddress(text);
  if (address.kind === "sentinel") {
    return { ways: 1, create: (onLost) => new SentinelConnection(address, onLost) };
  }
  if (address.kind === "cluster") {
    const { laneChannels } = names;
    return { ways: LANES, create: (onLost) => new ClusterConnection({ address, laneChannels, onLost }) };
  }
  const { url } = address;
  const isSecure = url.startsWith("rediss:");
  const createOptions = () => ({ ...clientOptions(), url });
  return { ways: 1, create: (onLost) => new ServerConnection({ isSecure, onLost, createOptions }) };
}
