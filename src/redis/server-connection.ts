import {
  ConnectionTimeoutError,
  createClient,
  type RedisClientOptions,
  type RedisClientType,
  SocketClosedUnexpectedlyError,
} from "redis";

import type { RedisConnection, Subscription } from "./redis-connection";
import { RedisTrouble } from "./redis-fault";

export interface ServerConnectionOptions {
  /** Called for each client, which writes into what it is given. */
  createOptions(): RedisClientOptions;
  /** TLS is spoken. */
  isSecure: boolean;
  /** Called when the connection was had and is no more; perhaps more than once. */
  onLost(error: unknown): void;
}

/** To one server, with a client to publish and ask, and one to listen. */
export class ServerConnection implements RedisConnection {
  readonly commands: RedisClientType;
  private readonly listening: RedisClientType;
  private isConnected = false;
  private isDestroyed = false;

  constructor(private readonly options: ServerConnectionOptions) {
    const client = () => createClient(options.createOptions()) as unknown as RedisClientType;
    this.commands = client();
    this.listening = client();
    for (const each of [this.commands, this.listening]) {
      each.on("error", (error: unknown) => {
        // Until then `connect` rejects with it.
        if (this.isConnected) {
          options.onLost(error);
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
    if (this.options.isSecure) {
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
