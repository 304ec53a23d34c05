import type { RoomfulConfig } from "./config/config";
import { findConfigWarnings } from "./config/config-warnings";
import { developmentSecret } from "./config/development-secret";
import { type Database, openDatabase } from "./database/open-database";
import { type Clock, systemClock } from "./lifecycle/clock";
import { createNode, type Node } from "./node";
import { createLogger, type Logger } from "./observability/logger";

export interface RoomfulOptions {
  logger?: Logger;
  clock?: Clock;
  random?: () => number;
  /** Called with sentences for a person, while something takes long at start. */
  onProgress?: (text: string) => void;
}

/** The service: rooms on one port, with their database. */
export interface Roomful {
  /** Resolves when the port is open. Rejects with the first thing that failed, after stopping the rest. */
  start(): Promise<void>;
  /** Drains and stops: product.md 6, SIGTERM. May be called twice, and during `start`. */
  stop(): Promise<void>;
  /** Ends as a crash would, for tests: what is not written is lost, clients are cut, other nodes are not told. */
  abort(): Promise<void>;
  /** `http://host:port` and the base path, known after `start`. */
  readonly url: string;
  /** Names of what is running, the next to stop first. */
  readonly running: string[];
  /** Signs a token for anybody; undefined where the service hands out none. */
  readonly signToken: Node["signToken"];
  /** Resolves when every admitted message is stored or rejected, and its room was told. */
  settled(): Promise<void>;
  /** For tests: the user's tokens that were issued before that moment have expired, whatever they say. */
  expireTokens(userId: string, issuedBefore: Date): void;
  /** Reads memberships and revocations again, and ends what they no longer allow; otherwise done every 15 s. */
  refreshAccess(): Promise<void>;
}

/**
 * Builds the service from its configuration. Nothing runs until `start`.
 *
 * The database comes first, because an embedded one has no address before it runs; what needs it is
 * built when it is open.
 */
export function createRoomful(config: RoomfulConfig, options: RoomfulOptions = {}): Roomful {
  const { logger = createLogger(config.log), clock = systemClock, random = Math.random, onProgress } = options;
  let database: Database | undefined;
  let node: Node | undefined;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  async function startAll(): Promise<void> {
    for (const warning of findConfigWarnings(config)) {
      logger.warn(warning);
    }
    const secrets = await signingSecrets(config);
    database = await openDatabase({
      config: config.database,
      // A connection for each lane, and one for the outbox.
      writers: config.writeBuffer.lanes + 1,
      onProgress: (text) => (onProgress ? onProgress(text) : logger.info(text)),
      onWarning: (text) => logger.warn(text),
      isCancelled: () => stopping !== undefined,
    });
    if (stopping) {
      // stop() closes the database.
      return;
    }
    try {
      node = createNode({ config, secrets, database, logger, clock, random });
      await node.stack.start();
    } catch (error) {
      await database.close();
      database = undefined;
      throw error;
    }
  }

  async function stopAll(end: (started: Node) => Promise<void>): Promise<void> {
    try {
      // What is just starting is waited for, and nothing more is started.
      await (node && end(node));
      await starting?.catch(() => {
        // What start() failed with is start()'s to throw, and it has stopped everything.
      });
    } finally {
      await database?.close();
      database = undefined;
    }
  }

  return {
    start() {
      starting ??= startAll();
      return starting;
    },
    stop() {
      stopping ??= stopAll(({ stack }) => stack.stop());
      return stopping;
    },
    abort() {
      stopping ??= stopAll((started) => started.abort());
      return stopping;
    },
    get url() {
      return startedNode().url;
    },
    get running() {
      return [...(node?.stack.running ?? []), ...(database ? ["database"] : [])];
    },
    get signToken() {
      return startedNode().signToken;
    },
    settled: () => startedNode().settled(),
    expireTokens: (userId, issuedBefore) => startedNode().expireTokens(userId, issuedBefore),
    refreshAccess: () => startedNode().refreshAccess(),
  };

  function startedNode(): Node {
    if (!node) {
      throw new Error("the service has not started");
    }
    return node;
  }
}

/** The configured secrets, or the development secret where there is no key at all. */
async function signingSecrets({ jwt, mode, database }: RoomfulConfig): Promise<readonly string[]> {
  if (jwt.secret.length > 0 || jwt.publicKey !== undefined || jwt.jwksUrl !== undefined || mode === "production") {
    return jwt.secret;
  }
  return [await developmentSecret(database.dataDir)];
}
