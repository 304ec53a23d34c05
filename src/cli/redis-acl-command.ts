import { Command } from "commander";

import { loadConfig } from "../config/load-config";
import { parseRedisAddress } from "../config/redis-address";
import { readDeploymentId } from "../database/deployment-id";
import { redisAclRules } from "../redis/redis-acl";
import { redisPrefixOf } from "../redis/redis-names";
import type { Environment } from "./create-program";
import { withDatabase } from "./with-database";

/** `roomful redis-acl`: the rights that a node needs in Redis, and no others. */
export function createRedisAclCommand(env: Environment): Command {
  return new Command("redis-acl")
    .description("print the rules that ACL SETUSER takes for a user with the rights of a node, and no others")
    .action(async () => {
      const { redis, database, namespaces } = loadConfig(env);
      const isCluster = redis.url !== undefined && parseRedisAddress(redis.url).kind === "cluster";
      await withDatabase(database, async (dataSource) => {
        const prefix = redisPrefixOf(redis, await readDeploymentId(dataSource));
        console.log(redisAclRules(prefix, namespaces, isCluster).join(" "));
      });
    });
}
