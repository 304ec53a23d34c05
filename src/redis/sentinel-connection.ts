import type { RedisAddress } from "../config/redis-address";
import { clientOptions } from "./client-options";
import { findPrimary } from "./find-primary";
import type { RedisCommands, RedisConnection, Subscription } from "./redis-connection";
import { ServerConnection } from "./server-connection";

/** To the server that Sentinel says is the primary now. Each new connection asks again. */
export class SentinelConnection implements RedisConnection {
  private primary: ServerConnection | undefined;
  private isDestroyed = false;

  constructor(
    private readonly address: Extract<RedisAddress, { kind: "sentinel" }>,
    private readonly onLost: (error: unknown) => void,
  ) {}

  get commands(): RedisCommands {
    return this.found.commands;
  }

  async connect(): Promise<void> {
    const { database, isSecure, credentials } = this.address;
    const { host, port } = await findPrimary(this.address, () => this.isDestroyed);
    if (this.isDestroyed) {
      throw new Error("destroyed while the primary was looked for");
    }
    this.primary = new ServerConnection({
      isSecure,
      onLost: this.onLost,
      createOptions() {
        const options = clientOptions();
        return {
          ...options,
          ...credentials,
          database,
          socket: { ...options.socket, host, port, ...(isSecure && { tls: true as const }) },
        };
      },
    });
    await this.primary.connect();
  }

  async publish(channel: string, message: Buffer | string): Promise<unknown> {
    return this.found.publish(channel, message);
  }

  async subscribe(subscription: Subscription): Promise<unknown> {
    return this.found.subscribe(subscription);
  }

  async unsubscribe(subscription: Subscription): Promise<unknown> {
    return this.found.unsubscribe(subscription);
  }

  destroy(): void {
    this.isDestroyed = true;
    this.primary?.destroy();
  }

  private get found(): ServerConnection {
    if (!this.primary) {
      throw new Error("not connected yet");
    }
    return this.primary;
  }
}
