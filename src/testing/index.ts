/** `roomful/testing`: a whole Roomful inside a test, with clients that are easy to question. README, "Testing". */
import { randomBytes } from "node:crypto";
import { io } from "socket.io-client";

import { createRoomful } from "../app";
import type { PartialConfig } from "../config/config";
import { createConfig } from "../config/load-config";
import { requirementsOf, signToken, type TokenRequest } from "../middleware/sign-token";
import { TestClient } from "./test-client";
import { TestClock } from "./test-clock";
import { createTestDatabase } from "./test-database";
import { startTestRedis, type TestRedis } from "./test-redis";

export type { PartialConfig } from "../config/config";
export { TestClient } from "./test-client";
export type { TestClock } from "./test-clock";
export type { TestRedis } from "./test-redis";

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

export interface TestConnectOptions {
  userId: string;
  /** What else the token says. */
  claims?: Omit<TokenRequest, "userId">;
  /** Rooms to join with the handshake. */
  rooms?: (string | { room: string; after?: number; epoch?: string | null })[];
  /** In place of a token for `userId`; null: none. */
  token?: string | null;
  namespace?: string;
  lastSocketId?: string;
  transports?: ("websocket" | "polling")[];
}

/** One node of a test server. */
export interface TestNode {
  readonly url: string;
  /** Time of the node's own timers: real, and can be moved on. */
  readonly clock: TestClock;
  /** Connects a client and waits for its welcome. Rejects when the handshake is refused; `error.data` has the code. */
  connect(options: TestConnectOptions): Promise<TestClient>;
  /** Resolves when every message admitted here is stored or rejected, and everybody was sent what follows from it. */
  settled(): Promise<void>;
  /** Stops in order, as a signal does; the clients are told, and cut in the end. */
  drain(): Promise<void>;
  /** Ends as a crash would: what is not written is lost, clients are cut, other nodes see it by its silence. */
  kill(): Promise<void>;
}

export interface TestServer extends TestNode {
  /** Address of its database, for a second server on the same data, or to look into. */
  readonly database: string;
  readonly tokens: { mint(request: TokenRequest): Promise<string> };
  /** A key of the HTTP API that may do everything; where `config` names keys, it is none of them. */
  readonly apiKey: string;
  /** All nodes; the server itself stands for the first. */
  readonly nodes: readonly TestNode[];
  /** Its Redis, to be taken away and given back. */
  readonly redis: TestRedis | undefined;
  /** Disconnects its clients, stops its nodes, and drops its database. */
  close(): Promise<void>;
}

/** Starts a whole server in this process, on a free port, with a database of its own. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { config = {}, nodes: count = 1, redis: wantsRedis = count > 1 } = options;
  const owned: { drop(): Promise<void> }[] = [];
  const stopAll = async (): Promise<void> => {
    for (const each of owned.toReversed()) {
      await each.drop();
    }
  };
  try {
    const database = options.database ?? (await own(createTestDatabase())).url;
    const redis = wantsRedis ? await own(startTestRedis()) : undefined;
    const secret = config.jwt?.secret?.[0] ?? randomBytes(48).toString("base64url");
    const apiKey = randomBytes(32).toString("base64url");
    const nodes: TestNode[] = [];
    for (let index = 0; index < count; index += 1) {
      nodes.push(await own(startNode({ config, database, redisUrl: redis?.url, secret, apiKey })));
    }
    const [first] = nodes as [TestNode];
    const mint = async (request: TokenRequest): Promise<string> =>
      signToken(secret, { ...requirementsOf(config.jwt ?? {}), ...request }, first.clock);
    return { ...first, database, redis, nodes, tokens: { mint }, apiKey, close: stopAll };
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

interface NodeOptions {
  config: PartialConfig;
  database: string;
  redisUrl: string | undefined;
  secret: string;
  apiKey: string;
}

async function startNode({ config, database, redisUrl, secret, apiKey }: NodeOptions) {
  const clock = new TestClock();
  const hasOwnKey = config.jwt?.publicKey === undefined && config.jwt?.jwksUrl === undefined;
  const roomful = createRoomful(
    createConfig({
      mode: "test",
      ...config,
      http: { port: 0, host: "127.0.0.1", apiKeys: [apiKey], ...config.http },
      database: { url: database, allowUnsafeDurability: true, ...config.database },
      redis: { ...(redisUrl !== undefined && { url: redisUrl }), ...config.redis },
      jwt: { ...(hasOwnKey && { secret: [secret] }), ...config.jwt },
      rateLimits: { enabled: "off", ...config.rateLimits },
      log: { level: "silent", ...config.log },
    }),
    { clock },
  );
  await roomful.start();
  const clients = new Set<TestClient>();

  async function connect(options: TestConnectOptions): Promise<TestClient> {
    const { userId, claims, rooms, token, namespace = "/", lastSocketId, transports = ["websocket"] } = options;
    const request = { ...requirementsOf(config.jwt ?? {}), userId, ...claims };
    const given = token === undefined ? signToken(secret, request, clock) : token;
    const socket = io(roomful.url + namespace, {
      auth: {
        ...(given !== null && { token: given }),
        ...(rooms && { rooms }),
        ...(lastSocketId !== undefined && { lastSocketId }),
      },
      transports,
      autoConnect: false,
      forceNew: true,
      reconnection: false,
    });
    const client = await TestClient.connect(userId, socket);
    clients.add(client);
    return client;
  }

  return {
    url: roomful.url,
    clock,
    connect,
    settled: () => roomful.settled(),
    drain: () => roomful.stop(),
    kill: () => roomful.abort(),
    async drop(): Promise<void> {
      for (const client of clients) {
        client.close();
      }
      await roomful.stop();
    },
  };
}
