/** `roomful/testing`: a whole Roomful inside a test, with clients that are easy to question. README, "Testing". */
import { randomBytes } from "node:crypto";

import type { PartialConfig } from "../config/config";
import { requirementsOf } from "../middleware/sign-token";
import { redisPrefixOf } from "../redis/redis-names";
import { expectRoomConsistent, type RoomConsistencyOptions } from "./expect-room-consistent";
import { createTestDatabase, deploymentIdOf } from "./test-database";
import { type OwnedTestNode, startTestNode, type TestNode } from "./test-node";
import { startPostgresProxy, type TestPostgres } from "./test-postgres";
import { startTestRedis, type TestRedis } from "./test-redis";
import { createTestTokens, type TestTokens } from "./test-tokens";

export type { PartialConfig } from "../config/config";
export type { RoomConsistencyOptions } from "./expect-room-consistent";
export type { TestLine, TestNetwork } from "./fault-proxy";
export type { RoomReader } from "./room-check";
export { type ReceivedEvent, type ReceivedPayload, TestClient, type TestClientStep } from "./test-client";
export type { TestClock } from "./test-clock";
export type { TestConnectOptions, TestNode, TestNodeNetwork } from "./test-node";
export type { TestPostgres } from "./test-postgres";
export type { TestRedis } from "./test-redis";
export type { TestTokens } from "./test-tokens";
export { type SnapshotStore, until } from "./until";

export interface TestServerOptions {
  /** Address of a Postgres database to use; absent: one of its own, dropped at `close`. */
  database?: string;
  /** What differs from the defaults. Rates are off, and the port is free, unless this says otherwise. */
  config?: PartialConfig;
  /**
   * Nodes on one database. Several are joined by a Redis of their own.
   * @default 1
   */
  nodes?: number;
  /** A Redis also for one node, or none for several. */
  redis?: boolean;
}

export interface TestServer extends TestNode {
  /** Address of its database, for a second server on the same data, or to look into. No fault of `postgres` is felt there. */
  readonly database: string;
  readonly tokens: TestTokens;
  /** A key of the HTTP API that may do everything; where `config` names keys, it is none of them. */
  readonly apiKey: string;
  /** All nodes; the server itself stands for the first. */
  readonly nodes: readonly TestNode[];
  /** Its Postgres, to be taken away and given back. */
  readonly postgres: TestPostgres;
  /** Its Redis, to be taken away and given back. */
  readonly redis: TestRedis | undefined;
  /**
   * Resolves when everything that this server's clients have seen of a room agrees with the table: what was acknowledged
   * is stored once, under its number; numbers run from 1 without a hole; whoever is in the room was shown every stored
   * message since, and told its number; what was retracted is not stored. Throws what differs, line by line.
   */
  expectRoomConsistent(room: string, options?: RoomConsistencyOptions): Promise<void>;
  /** Ends all faults, disconnects its clients, stops its nodes, and drops its database. Nothing of it is left running. */
  close(): Promise<void>;
}

/** Starts a whole server in this process, on a free port, with a database of its own. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { config = {}, nodes: count = 1, redis: wantsRedis = count > 1 } = options;
  const owned: { drop(): Promise<void> }[] = [];
  const stopAll = async (): Promise<void> => {
    for (let each = owned.pop(); each; each = owned.pop()) {
      await each.drop();
    }
  };
  try {
    const database = options.database ?? config.database?.url ?? (await own(createTestDatabase())).url;
    const { proxiedUrl, postgres } = await own(startPostgresProxy(database));
    const redis = wantsRedis ? await own(startTestRedis()) : undefined;
    const secret = config.jwt?.secret?.[0] ?? randomBytes(48).toString("base64url");
    const apiKey = randomBytes(32).toString("base64url");
    const nodes: OwnedTestNode[] = [];
    const expiredTokens = new Map<string, Date>();
    const tokens = createTestTokens({
      ...{ secret, database, common: requirementsOf(config.jwt ?? {}) },
      now: () => nodes[0]?.node.clock.now() ?? Date.now(),
      expireTokens(userId, issuedBefore) {
        expiredTokens.set(userId, issuedBefore);
        for (const { roomful } of running()) {
          roomful.expireTokens(userId, issuedBefore);
        }
      },
      async refreshAccess() {
        await Promise.all(running().map(({ roomful }) => roomful.refreshAccess()));
      },
    });
    const { mint } = tokens;
    for (let index = 0; index < count; index += 1) {
      const node = { config, database: proxiedUrl, redisUrl: redis?.url, secret, apiKey, mint, expiredTokens };
      nodes.push(await own(startTestNode(node)));
    }
    const [first] = nodes as [OwnedTestNode];
    // The database has its identity since a node has migrated it.
    const prefix = redisPrefixOf({ prefix: config.redis?.prefix }, await deploymentIdOf(database));

    function running(): OwnedTestNode[] {
      return nodes.filter(({ isRunning }) => isRunning);
    }

    return {
      ...first.node,
      // Another one after a restart.
      get directUrl() {
        return first.node.directUrl;
      },
      ...{
        database,
        redis: redis && { ...redis, prefix },
        postgres,
        tokens,
        apiKey,
        nodes: nodes.map(({ node }) => node),
      },
      expectRoomConsistent: (room, consistency = {}) =>
        expectRoomConsistent(room, consistency, {
          database,
          clients: nodes.flatMap(({ clients }) => [...clients]),
          mayHaveLost: nodes.some(({ hasStopped }) => hasStopped),
        }),
      async close() {
        await postgres.up();
        redis?.resume();
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }

  async function own<Owned extends { drop(): Promise<void> }>(starting: Promise<Owned>): Promise<Owned> {
    const started = await starting;
    owned.push(started);
    return started;
  }
}
