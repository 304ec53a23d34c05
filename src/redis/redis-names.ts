import { emitterKeyOf } from "../contract/names";

/**
 * Names of everything that a deployment has in Redis. Deployments that share a Redis are told apart by the prefix alone:
 * channels know no database numbers.
 *
 * Keys carry it in braces, by which a Redis Cluster keeps all of them on one shard: a script may use several.
 */
export interface RedisNames {
  prefix: string;
  /** Base of the adapter's channels, which makes of it `KEY#NAMESPACE#ROOM#` and the like; the emitter's option `key`. */
  adapterKey: string;
  /** Each node says here that it lives. */
  probeChannel: string;
  /** Begins the sharded channels that carry all others over a cluster. */
  laneChannels: string;
  /** The key under which nodes that live are listed. */
  rollKey: string;
  /** Memberships or revocations in Postgres have changed. Carries nothing: nodes read the tables. */
  accessChannel: string;
  /** Rooms in Postgres have changed, their delivery mode for instance. Carries nothing either. */
  roomsChannel: string;
  /** A user's sockets in a namespace are to be disconnected. */
  disconnectChannel: string;
  /** Begins the keys of presence. */
  presenceKeys: string;
  /** Begins the keys under which the reasons of cuts wait for who was cut. */
  cutKeys: string;
}

export function createRedisNames(prefix: string): RedisNames {
  return {
    prefix,
    adapterKey: emitterKeyOf(prefix),
    probeChannel: `${prefix}:probe`,
    laneChannels: `${prefix}:lane:`,
    rollKey: `{${prefix}}:roll`,
    accessChannel: `${prefix}:access`,
    roomsChannel: `${prefix}:rooms`,
    disconnectChannel: `${prefix}:disconnect`,
    presenceKeys: `{${prefix}}:presence:`,
    cutKeys: `{${prefix}}:cut:`,
  };
}

/** The prefix that is set, or else one that the database gives. */
export function redisPrefixOf(config: { prefix: string | undefined }, deploymentId: string): string {
  return config.prefix ?? `roomful:${deploymentId}`;
}
