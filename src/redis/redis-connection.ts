import {
  ConnectionTimeoutError,
  createClient,
  type RedisClientOptions,
  type RedisClientType,
  SocketClosedUnexpectedlyError,
} from "redis";

import { RedisTrouble } from "./redis-fault";

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
  publish(channel: string, message: Buffer | string): Promise<unknown>;
  subscribe(subscription: Subscription): Promise<unknown>;
  unsubscribe(subscription: Subscription): Promise<unknown>;
  /** May be called at any time, and twice. */
  destroy(): void;
}

const CONNECT_TIMEOUT_MS = 2_000;
/** A connection on which nothing comes is dead: Redis is stopped, or the network swallows it. */
const SILENCE_TIMEOUT_MS = 5_000;
const PING_INTERVAL_MS = 1_500;

/** How every client of ours behaves: it fails instead of waiting, and does not come back by itself. */
function clientOptions() {
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

/** To one server, with a client to publish and ask, and one to listen. */
export class ServerConnection implements RedisConnection {
  readonly commands: RedisClientType;
  private readonly listening: RedisClientType;
  private isConnected = false;
  private isDestroyed = false;

  /** `url` may begin with `rediss:`, and then TLS is spoken. `onLost` is called when it was had and is no more, and may be called more than once. */
  constructor(
    private readonly url: string,
    onLost: (error: unknown) => void,
  ) {
    const client = () => createClient({ ...clientOptions(), url }) as unknown as RedisClientType;
    this.commands = client();
    this.listening = client();
    for (const each of [this.commands, this.listening]) {
      each.on("error", (error: unknown) => {
        // Until then `connect` rejects with it.
        if (this.isConnected) {
          onLost(error);
        }
      });
    }
  }

  async connect(): Promise<void> {
    try {
      await Promise.all([this.commands.connect(), this.listening.connect()]);
      if (this.isDestroyed) {
        // A client that is destroyed while its socket is made connects all the same.
        throw new Error("destroyed while it was connected");
      }
      this.isConnected = true;
    } catch (error) {
      this.destroy();
      throw this.explain(error);
    }
  }

  publish(channel: string, message: Buffer | string): Promise<unknown> {
    return this.commands.publish(channel, message);
  }

  subscribe({ isPattern, name, listener }: Subscription): Promise<unknown> {
    return isPattern ? this.listening.pSubscribe(name, listener, true) : this.listening.subscribe(name, listener, true);
  }

  unsubscribe({ isPattern, name, listener }: Subscription): Promise<unknown> {
    return isPattern
      ? this.listening.pUnsubscribe(name, listener, true)
      : this.listening.unsubscribe(name, listener, true);
  }

  /** Where one speaks TLS and the other does not, neither says so: the one ends the connection, the other waits for more. */
  private explain(error: unknown): unknown {
    const isReset = error instanceof Error && "code" in error && error.code === "ECONNRESET";
    if (this.url.startsWith("rediss:")) {
      return error instanceof ConnectionTimeoutError
        ? new RedisTrouble("Redis does not answer over TLS: does it speak TLS (redis:// does not)?", { cause: error })
        : error;
    }
    return isReset || error instanceof SocketClosedUnexpectedlyError
      ? new RedisTrouble("Redis ends connections before it answers: does it want TLS (rediss://)?", { cause: error })
      : error;
  }

  destroy(): void {
    this.isConnected = false;
    this.isDestroyed = true;
    for (const client of [this.commands, this.listening]) {
      client.destroy();
    }
  }
}
