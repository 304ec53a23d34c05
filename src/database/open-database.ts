import type { DataSource } from "typeorm";

import type { RoomfulConfig } from "../config/config";
import { openDataSource } from "./data-source";
import { readDeploymentId } from "./deployment-id";
import { checkDurability } from "./durability-check";
import { EmbeddedPostgres } from "./embedded-postgres";
import { migrate } from "./migrate";
import { OpenSockets } from "./open-sockets";
import { isUnavailable } from "./retry-policy";
import { checkSettings } from "./settings-check";

export interface OpenDatabaseOptions {
  config: RoomfulConfig["database"];
  /** Batches of messages, and of the outbox, in flight at the same time. */
  writers: number;
  /** What a person at the terminal may want to know while it takes long. */
  onProgress(text: string): void;
  /** Something is not as safe as it should be, and was allowed. */
  onWarning(text: string): void;
  /** Ends the waiting for a Postgres that does not answer. */
  isCancelled(): boolean;
}

/** A migrated Postgres, with pools of its own for writing and for reading: history must not starve the commits. */
export interface Database {
  writer: DataSource;
  reader: DataSource;
  url: string;
  /** What tells its nodes from those of other databases. */
  deploymentId: string;
  /** Ends all connections at once. What is under way on them fails as when the network is lost, and is tried again on new ones. */
  dropConnections(): void;
  close(): Promise<void>;
}

/** A Postgres that starts together with the service may need this long. */
const START_TIMEOUT_MS = 30_000;
const START_RETRY_MS = 500;

/** Opens the configured Postgres, or the embedded one, and brings its schema up to date. */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const { config, onProgress } = options;
  if (config.url !== undefined) {
    return connect(config.url, options);
  }
  const embedded = new EmbeddedPostgres({ dataDir: config.dataDir, onProgress });
  await embedded.start();
  try {
    const database = await connect(embedded.url, options);
    const close = async (): Promise<void> => {
      await database.close();
      await embedded.stop();
    };
    return { ...database, close };
  } catch (error) {
    await embedded.stop();
    throw error;
  }
}

async function connect(url: string, options: OpenDatabaseOptions): Promise<Database> {
  const { config, writers } = options;
  await waitForPostgres(url, options);

  const { statementTimeoutMs, connectTimeoutMs } = config;
  const sockets = new OpenSockets();
  const common = { url, statementTimeoutMs, connectTimeoutMs, sockets };
  const pools: DataSource[] = [];
  const close = async (): Promise<void> => {
    for (const pool of pools.splice(0)) {
      await pool.destroy();
    }
  };
  try {
    const writer = await openDataSource({ ...common, poolSize: writers });
    pools.push(writer);
    const reader = await openDataSource({ ...common, poolSize: config.readPoolSize });
    pools.push(reader);
    await refuseUnsafeDurability(reader, options);
    const warning = await checkSettings(reader, statementTimeoutMs);
    if (warning !== undefined) {
      options.onWarning(warning);
    }
    const deploymentId = await readDeploymentId(reader);
    return { writer, reader, url, deploymentId, dropConnections: () => sockets.destroyAll(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Migrates; while Postgres does not answer, tries again. */
async function waitForPostgres(url: string, { isCancelled, onProgress }: OpenDatabaseOptions): Promise<void> {
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  for (let isFirst = true; ; isFirst = false) {
    try {
      await migrate(url, { onWait: onProgress, isCancelled });
      return;
    } catch (error) {
      if (!isUnavailable(error) || isCancelled() || performance.now() > deadlineMs) {
        throw error;
      }
      if (isFirst) {
        onProgress("Waiting for Postgres to answer.");
      }
      await new Promise((resolve) => setTimeout(resolve, START_RETRY_MS));
    }
  }
}

/** An acknowledgement says "committed to disk"; with these settings off it could not. */
async function refuseUnsafeDurability(pool: DataSource, { config, onWarning }: OpenDatabaseOptions): Promise<void> {
  const off = await checkDurability(pool);
  if (off.length === 0) {
    return;
  }
  const text = `Postgres may lose what it acknowledged: ${off.join(", ")}`;
  if (!config.allowUnsafeDurability) {
    throw new Error(`${text}. Switch it on, or set ROOMFUL_ALLOW_UNSAFE_DURABILITY=true where loss does not matter.`);
  }
  onWarning(text);
}
