import { createCluster, type RedisClientType } from "redis";

import type { RedisAddress } from "../config/redis-address";
import { clientOptions } from "./client-options";
import type { Listener, RedisCommands, RedisConnection, Subscription } from "./redis-connection";

type Cluster = ReturnType<typeof createCluster>;

/** Sharded channels that carry all others, so that every shard bears its part, and a node subscribes to a fixed few. */
export const LANES = 16;
const LENGTH_BYTES = 2;

/**
 * To a cluster. Messages go over sharded channels, which stay on their shard, where plain ones would be copied to every
 * node of the cluster. Those have no patterns, so a message names its channel, and travels in one of a few lanes.
 * One channel is always in the same lane: its messages keep their order.
 *
 * Other programs emit over plain channels: patterns are subscribed to there too.
 */
export class ClusterConnection implements RedisConnection {
  readonly commands: RedisCommands;
  private readonly cluster: Cluster;
  private readonly subscriptions = new Set<Subscription>();
  private isConnected = false;
  private isDestroyed = false;
  private lastError: unknown;

  constructor(
    private readonly options: {
      address: Extract<RedisAddress, { kind: "cluster" }>;
      /** Begins the names of the lanes. */
      laneChannels: string;
      onLost(error: unknown): void;
    },
  ) {
    const { address, onLost } = options;
    const { nodes, isSecure, credentials } = address;
    const common = clientOptions();
    this.cluster = createCluster({
      rootNodes: nodes.map(({ host, port }) => ({ socket: { host, port } })),
      defaults: { ...common, ...credentials, socket: { ...common.socket, ...(isSecure && { tls: true }) } },
    });
    const fail = (error: unknown): void => {
      // Until then `connect` rejects, with less to say.
      this.lastError = error;
      if (this.isConnected) {
        onLost(error);
      }
    };
    this.cluster.on("error", fail).on("node-error", fail).on("sharded-channel-moved-error", fail);
    this.commands = createClusterCommands(this.cluster);
  }

  async connect(): Promise<void> {
    try {
      await this.cluster.connect();
      const listener: Listener = (message) => this.receive(message);
      for (let lane = 0; lane < LANES; lane += 1) {
        await this.cluster.sSubscribe(this.laneAt(lane), listener, true);
      }
      if (this.isDestroyed) {
        throw new Error("destroyed while it was connected");
      }
      this.isConnected = true;
    } catch (error) {
      this.destroy();
      throw new Error("the cluster cannot be used", { cause: new AggregateError([this.lastError, error]) });
    }
  }

  publish(channel: string, message: Buffer | string, lane = laneOf(channel)): Promise<unknown> {
    const name = Buffer.from(channel);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(name.length);
    return this.cluster.sPublish(this.laneAt(lane), Buffer.concat([length, name, Buffer.from(message)]));
  }

  async subscribe(subscription: Subscription): Promise<unknown> {
    this.subscriptions.add(subscription);
    const { isPattern, name, listener } = subscription;
    return isPattern ? this.cluster.pSubscribe(name, listener, true) : undefined;
  }

  async unsubscribe(subscription: Subscription): Promise<unknown> {
    this.subscriptions.delete(subscription);
    const { isPattern, name, listener } = subscription;
    return isPattern ? this.cluster.pUnsubscribe(name, listener, true) : undefined;
  }

  destroy(): void {
    this.isConnected = false;
    this.isDestroyed = true;
    this.cluster.destroy();
  }

  private laneAt(lane: number): string {
    return `${this.options.laneChannels}${lane}`;
  }

  /** Anybody who may publish in Redis can reach this: what names no channel is nothing. */
  private receive(packed: Buffer): void {
    const length = packed.length < LENGTH_BYTES ? Number.POSITIVE_INFINITY : packed.readUInt16BE(0);
    if (LENGTH_BYTES + length > packed.length) {
      return;
    }
    const channel = packed.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
    const message = packed.subarray(LENGTH_BYTES + length);
    const name = channel.toString();
    for (const subscription of this.subscriptions) {
      if (fits(subscription, name)) {
        subscription.listener(message, channel);
      }
    }
  }
}

/** Our patterns are a beginning and a star; names in them hold no other sign of a pattern. */
function fits({ isPattern, name }: Subscription, channel: string): boolean {
  return isPattern ? channel.startsWith(name.slice(0, -1)) : channel === name;
}

function laneOf(channel: string): number {
  let sum = 0;
  for (let index = 0; index < channel.length; index += 1) {
    sum = (sum * 31 + channel.charCodeAt(index)) % 65_521;
  }
  return sum % LANES;
}

/** Keys decide where a command goes; what has no key is asked of every shard, or of any. */
function createClusterCommands(cluster: Cluster): RedisCommands {
  const commands = {
    eval: cluster.eval.bind(cluster),
    evalSha: cluster.evalSha.bind(cluster),
    get: cluster.get.bind(cluster),
    set: cluster.set.bind(cluster),
    async scriptLoad(script: string): Promise<unknown> {
      const [digest] = await Promise.all(
        cluster.masters.map(async (master) => (await cluster.nodeClient(master)).scriptLoad(script)),
      );
      return digest;
    },
    async info(section: string): Promise<unknown> {
      const [master] = cluster.masters;
      return master ? (await cluster.nodeClient(master)).info(section) : "";
    },
  };
  // The same functions; the client's types say besides what `this` has to be.
  return commands as unknown as RedisClientType;
}
