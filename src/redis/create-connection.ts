import { type RedisConnection, ServerConnection } from "./redis-connection";

export type ConnectionFactory = (onLost: (error: unknown) => void) => RedisConnection;

/** Makes connections to what REDIS_URL names. */
export function createConnectionFactory(url: string): ConnectionFactory {
  return (onLost) => new ServerConnection(url, onLost);
}
