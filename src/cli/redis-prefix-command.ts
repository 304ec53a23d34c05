import { Command } from "commander";

import { loadConfig } from "../config/load-config";
import { readDeploymentId } from "../database/deployment-id";
import { redisPrefixOf } from "../redis/redis-names";
import type { Environment } from "./create-program";
import { withDatabase } from "./with-database";

/** `roomful redis-prefix`: for programs that emit through Redis, and for the rights of the service's user there. */
export function createRedisPrefixCommand(env: Environment): Command {
  return new Command("redis-prefix")
    .description("print what all names of this deployment in Redis begin with")
    .action(async () => {
      const { redis, database } = loadConfig(env);
      await withDatabase(database, async (dataSource) => {
        console.log(redisPrefixOf(redis, await readDeploymentId(dataSource)));
      });
    });
}
