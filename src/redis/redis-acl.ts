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

/**
 * What a node's user may do in Redis, as the rules of ACL SETUSER: these commands, on this deployment's names.
 * A pattern that is subscribed to must stand there as it is.
 */
export function redisAclRules(prefix: string, namespaces: readonly string[]): string[] {
  const { adapterKey } = createRedisNames(prefix);
  return [
    ...["resetkeys", "resetchannels", "-@all"],
    ...COMMANDS.map((command) => `+${command}`),
    `~{${prefix}}:*`,
    `&${prefix}:*`,
    ...namespaces.map((namespace) => `&${adapterKey}#${namespace}#*`),
  ];
}
