import type { Namespace } from "socket.io";
import { Adapter } from "socket.io-adapter";
import { uuidv7 } from "uuidv7";

import type { OtherNodes } from "./api-administration";
import { type DeliverySeamOptions, observeDeliveries } from "./broadcast/delivery-seam";
import { createRedisAdapter } from "./broadcast/redis-adapter";
import { visitSingleRooms } from "./broadcast/visit-single-rooms";
import type { RoomfulConfig } from "./config/config";
import type { User } from "./contract/events";
import { systemClock } from "./lifecycle/clock";
import { RepeatedTask } from "./lifecycle/repeated-task";
import type { Service } from "./lifecycle/service";
import type { Logger } from "./observability/logger";
import { MemoryPresenceStore } from "./presence/memory-presence-store";
import type { PresenceStore } from "./presence/presence-store";
import { RedisPresenceStore } from "./presence/redis-presence-store";
import { createConnectionFactory } from "./redis/create-connection";
import { type DisconnectNotice, DisconnectNotices } from "./redis/disconnect-notice";
import { readEvictionPolicy } from "./redis/eviction-policy";
import type { RedisCommands } from "./redis/redis-connection";
import { RedisLink } from "./redis/redis-link";
import { createRedisNames, type RedisNames, redisPrefixOf } from "./redis/redis-names";

export interface JoinedNodesOptions {
  config: Pick<RoomfulConfig, "redis" | "presence">;
  /** What the database is called among those that may share this Redis. */
  deploymentId: string;
  logger: Logger;
  random: () => number;
  /** Broadcasts may have been lost: what is known of rooms has a gap. */
  onGap(): void;
  /** Reads from the table what members have missed. */
  catchUp(): Promise<void>;
  /** Memberships or revocations have changed. */
  onAccessChange(): void;
  /** Rooms were given another delivery mode. */
  onRoomsChange(): void;
  /** The user's sockets are to be disconnected. */
  onDisconnect(notice: DisconnectNotice): void;
  /** The user is gone with a node that is no more. */
  onGone(namespace: string, room: string, user: User): void;
  /** The user was told as gone with this node, which lives. */
  onBack(namespace: string, room: string, user: User): void;
  onError(error: unknown, where: string): void;
}

/** What a node has of the others; of a node that is alone, what stands in its place. */
export interface JoinedNodes {
  /** undefined: this node is alone. */
  redis: RedisLink | undefined;
  names: RedisNames;
  /** How the others are told; undefined: there are none. */
  others: OtherNodes | undefined;
  presenceStore: PresenceStore;
  /** To be started before anything that reaches other nodes, and stopped after it. */
  services: readonly Service[];
  /** To be started when rooms can be read. */
  polls: readonly Service[];
}

const POLL_INTERVAL_MS = 1_000;

/** Joins a node with the others through Redis, where there is one. All of it keeps real time, as Redis does. */
export function joinNodes(options: JoinedNodesOptions): JoinedNodes {
  const {
    config,
    deploymentId,
    logger,
    random,
    onGap,
    catchUp,
    onAccessChange,
    onRoomsChange,
    onDisconnect,
    onGone,
    onBack,
    onError,
  } = options;
  const { url } = config.redis;
  const names = createRedisNames(redisPrefixOf(config.redis, deploymentId));
  if (url === undefined) {
    return {
      redis: undefined,
      names,
      others: undefined,
      presenceStore: new MemoryPresenceStore(),
      services: [],
      polls: [],
    };
  }
  const nodeId = uuidv7();
  const { accessChannel, roomsChannel } = names;
  const redis = new RedisLink({
    ...{ nodeId, names, random, clock: systemClock },
    connections: createConnectionFactory(url, names),
    onDown() {
      logger.warn("messages do not reach other nodes; what they miss is read from Postgres");
      onGap();
      void catchUp();
    },
    onUp() {
      logger.info("messages reach other nodes again");
      onGap();
      void catchUp();
      void presenceStore.restored();
    },
    onConnected: (commands) => void warnOfEviction(commands),
    onFault: (reason, error) => logger.warn({ err: error, reason }, "Redis cannot be used"),
  });
  const { publisher, subscriber } = redis;
  subscriber.subscribe(accessChannel, onAccessChange);
  subscriber.subscribe(roomsChannel, onRoomsChange);
  const notices = new DisconnectNotices(
    { nodeId, channel: names.disconnectChannel, publisher, subscriber },
    onDisconnect,
  );
  const others: OtherNodes = {
    get canBeTold() {
      return redis.canPublish;
    },
    lookAtAccess: () => publisher.publish(accessChannel, "changed"),
    lookAtRooms: () => publisher.publish(roomsChannel, "changed"),
    disconnect: (notice) => notices.tell(notice),
  };
  const presenceStore = new RedisPresenceStore({
    ...{
      client: redis.commands,
      keyPrefix: names.presenceKeys,
      nodeId,
      clock: systemClock,
      graceMs: config.presence.graceMs,
    },
    isAvailable: () => redis.isUp,
    ...{ onGone, onBack },
    onError: (error) => logger.warn({ err: error }, "presence is what this node knows: Redis does not answer"),
  });
  // While broadcasts may be lost, the table is asked every second.
  const poll = new RepeatedTask({
    name: "catch-up poll",
    run: async () => (redis.isDegraded ? catchUp() : undefined),
    intervalMs: POLL_INTERVAL_MS,
    clock: systemClock,
    onError: (error) => onError(error, "catch-up poll"),
  });
  let knownPolicy: string | undefined;
  return { redis, names, others, presenceStore, services: [redis, presenceStore], polls: [poll] };

  /** A key that is evicted is somebody who seems to be gone. */
  async function warnOfEviction(commands: RedisCommands): Promise<void> {
    try {
      const policy = await readEvictionPolicy(commands);
      if (policy !== undefined && policy !== "noeviction" && policy !== knownPolicy) {
        logger.warn({ policy }, "Redis may evict keys that nodes need: set its maxmemory-policy to noeviction");
      }
      knownPolicy = policy;
    } catch (error) {
      logger.debug({ err: error }, "Redis does not say what it does when its memory is full");
    }
  }
}

export interface AdapterFactoryOptions extends DeliverySeamOptions {
  redis: RedisLink | undefined;
  names: RedisNames;
  /** Only these are joined. Names that are refused become namespaces for a moment: they stay alone. */
  namespaces: readonly string[];
  logger: Logger;
}

/** Makes the adapter of each namespace, with the seam that sees every delivery. */
export function createAdapterFactory({ redis, names, namespaces, logger, ...seam }: AdapterFactoryOptions) {
  const joined = redis
    ? createRedisAdapter({
        key: names.adapterKey,
        publisher: redis.publisher,
        subscriber: redis.subscriber,
        onError: (error) => logger.warn({ err: error }, "a message of Redis was dropped"),
      })
    : Adapter;
  const Observed = observeDeliveries(visitSingleRooms(joined), seam);
  // Socket.IO calls it with `new`, which an arrow function does not take.
  return function createAdapter(namespace: Namespace): Adapter {
    return namespaces.includes(namespace.name) ? new Observed(namespace) : new Adapter(namespace);
  };
}
