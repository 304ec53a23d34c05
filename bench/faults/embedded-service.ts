import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { EmbeddedPostgres } from "../../src/database/embedded-postgres";
import { readPostmaster } from "../../src/database/postmaster-pid";
import { systemClock } from "../../src/lifecycle/clock";
import { signToken } from "../../src/middleware/sign-token";
import { freePort } from "../../src/testing/free-port";
import { readTable, type TableRow } from "../../src/testing/room-table";
import { makeDataDir } from "../../src/testing/test-database";
import { ServiceProcess } from "../../test/support/service-process";

/** The service on its embedded default, in a process and a data folder of its own, safe settings and all. */
export class EmbeddedService {
  private readonly secret = randomBytes(48).toString("base64url");

  private constructor(
    readonly service: ServiceProcess,
    private readonly dataDir: string,
    env: Record<string, string>,
  ) {
    Object.assign(env, { ROOMFUL_DATA_DIR: dataDir, ROOMFUL_JWT_SECRET: this.secret });
  }

  static async start(given: Record<string, string> = {}): Promise<EmbeddedService> {
    const env = { ROOMFUL_RATE_LIMITS: "off", ROOMFUL_LOG_LEVEL: "error", ...given };
    const dataDir = await makeDataDir();
    const embedded = new EmbeddedService(new ServiceProcess(await freePort(), env), dataDir, env);
    await embedded.service.start();
    return embedded;
  }

  get url(): string {
    return this.service.url;
  }

  tokenOf(userId: string): string {
    return signToken(this.secret, { userId, ttlMs: 86_400_000 }, systemClock);
  }

  async postgresPid(): Promise<number> {
    return (await readPostmaster(join(this.dataDir, "postgres")))?.pid ?? 0;
  }

  /** Stops the service in order, and reads what it left in its database. */
  async stopAndReadTable(): Promise<{ status: number | null; table: TableRow[] }> {
    const status = await this.service.end("SIGTERM");
    const postgres = new EmbeddedPostgres({ dataDir: this.dataDir });
    await postgres.start();
    try {
      return { status, table: await readTable(postgres.url) };
    } finally {
      await postgres.stop();
      await rm(this.dataDir, { recursive: true, force: true });
    }
  }
}
