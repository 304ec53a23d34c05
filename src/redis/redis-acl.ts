import { createRedisNames } from "./redis-names";

/** Commands of a node: its clients', those that carry messages, and those of its scripts. */
const COMMANDS = [
  ...["ping", "info", "time"],
  ...["publish", "subscribe", "psubscribe", "unsubscribe", "punsubscribe"],
  ...[
    "eval",
    "evalsha",
    "script|load",
    "@string",
    "@hash",
    "@set",
    "@sortedset",
    "exists",
    "del",
    "pexpire",
    "pttl",
    "type",
  ],
];

/** Over a cluster besides: to find the shards, and for the channels that stay on one. */
const CLUSTER_COMMANDS = ["cluster|slots", "asking", "spublish", "ssubscribe", "sunsubscribe"];

/**
 * What a node's user may do in Redis, as the rules of ACL SETUSER: these commands, on this deployment's names.
 * A pattern that is subscribed to must stand there as it is.
 */
export function redisAclRules(prefix: string, namespaces: readonly string[], isCluster = false): string[] {
  const { adapterKey } = createRedisNames(prefix);
  return [
    ...["resetkeys", "resetchannels", "-@all"],
    ...[...COMMANDS, ...(isCluster ? CLUSTER_COMMANDS : [])].map((command) => `+${command}`),
    `~{${prefix}}:*`,
    `&${prefix}:*`,
    ...namespaces.map((namespace) => `&${adapterKey}#${namespace}#*`),
  ];
}
