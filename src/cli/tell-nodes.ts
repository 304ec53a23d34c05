import type { DataSource } from "typeorm";

import type { RoomfulConfig } from "../config/config";
import { readDeploymentId } from "../database/deployment-id";
import { announceAccessChange } from "../redis/access-notice";
import { createRedisNames, redisPrefixOf } from "../redis/redis-names";

/** Lets running nodes look at memberships and revocations now, where they can be reached. */
export async function tellNodes(redis: RoomfulConfig["redis"], dataSource: DataSource): Promise<void> {
  const { url } = redis;
  if (url === undefined) {
    return;
  }
  const names = createRedisNames(redisPrefixOf(redis, await readDeploymentId(dataSource)));
  await announceAccessChange(url, names).catch(() => {
    console.error("roomful: Redis does not answer; running nodes see it within 15 s");
  });
}
