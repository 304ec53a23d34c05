import type { RedisClientType } from "redis";

export type Listener = (message: Buffer, channel: Buffer) => unknown;

export interface Subscription {
  /** A pattern as Redis understands it, or the channel's very name. */
  isPattern: boolean;
  name: string;
  listener: Listener;
}

/** What is asked of Redis, other than to carry messages. */
export type RedisCommands = Pick<RedisClientType, "eval" | "evalSha" | "scriptLoad" | "get" | "set" | "info">;

/**
 * A way to Redis: it is made, used, and thrown away when it is lost. None waits for Redis to come back, and none keeps
 * anything for later.
 */
export interface RedisConnection {
  readonly commands: RedisCommands;
  /** Rejects when it cannot be had. */
  connect(): Promise<void>;
  /** `way`: one of those that messages can take, in place of the one that the channel always takes. */
  publish(channel: string, message: Buffer | string, way?: number): Promise<unknown>;
  subscribe(subscription: Subscription): Promise<unknown>;
  unsubscribe(subscription: Subscription): Promise<unknown>;
  /** May be called at any time, and twice. */
  destroy(): void;
}
