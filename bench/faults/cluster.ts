import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";

import { EmbeddedPostgres } from "../../src/database/embedded-postgres";
import { systemClock } from "../../src/lifecycle/clock";
import { signToken } from "../../src/middleware/sign-token";
import { freePort } from "../../src/testing/free-port";
import { RedisServer } from "../../src/testing/redis-server";
import { readTable, type TableRow } from "../../src/testing/room-table";
import { makeDataDir } from "../../src/testing/test-database";
import { ServiceProcess } from "../../test/support/service-process";

/** Several nodes in processes of their own, with one Postgres (safe settings) and one Redis. */
export class Cluster {
  private constructor(
    readonly nodes: readonly ServiceProcess[],
    readonly redis: RedisServer,
    readonly secret: string,
    private readonly postgres: EmbeddedPostgres,
    private readonly dataDir: string,
  ) {}

  static async start(count: number, given: Record<string, string> = {}): Promise<Cluster> {
    const dataDir = await makeDataDir();
    const postgres = new EmbeddedPostgres({ dataDir });
    await postgres.start();
    const redis = await RedisServer.start();
    const secret = randomBytes(48).toString("base64url");
    const env = {
      ...{ DATABASE_URL: postgres.url, REDIS_URL: redis.url, ROOMFUL_JWT_SECRET: secret },
      ...{ ROOMFUL_RATE_LIMITS: "off", ROOMFUL_LOG_LEVEL: "error", ...given },
    };
    const nodes: ServiceProcess[] = [];
    for (let index = 0; index < count; index += 1) {
      const node = new ServiceProcess(await freePort(), env);
      await node.start();
      nodes.push(node);
    }
    return new Cluster(nodes, redis, secret, postgres, dataDir);
  }

  tokenOf(userId: string): string {
    return signToken(this.secret, { userId, ttlMs: 86_400_000 }, systemClock);
  }

  /** Stops everything in order, and reads what is left in the table. */
  async stopAndReadTable(): Promise<{ statuses: (number | null)[]; table: TableRow[] }> {
    const statuses = await Promise.all(this.nodes.map((node) => node.end("SIGTERM")));
    const table = await readTable(this.postgres.url);
    await this.redis.stop();
    await this.postgres.stop();
    await rm(this.dataDir, { recursive: true, force: true });
    return { statuses, table };
  }
}
