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

export type { PartialConfig } from "../config/config";
export { TestClient } from "./test-client";
export type { TestClock } from "./test-clock";

export interface TestServerOptions {
  /** Address of a Postgres database to use; absent: one of its own, dropped at `close`. */
  database?: string;
  /** What differs from the defaults. Rates are off, and the port is free, unless this says otherwise. */
  config?: PartialConfig;
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

export interface TestServer {
  readonly url: string;
  /** Address of its database, for a second server on the same data, or to look into. */
  readonly database: string;
  /** Time of the server's own timers: real, and can be moved on. */
  readonly clock: TestClock;
  readonly tokens: { mint(request: TokenRequest): Promise<string> };
  /** Connects a client and waits for its welcome. Rejects when the handshake is refused; `error.data` has the code. */
  connect(options: TestConnectOptions): Promise<TestClient>;
  /** Resolves when every admitted message is stored or rejected, and everybody was sent what follows from it. */
  settled(): Promise<void>;
  /** Stops the server in order, as a signal does; its clients are told, and cut in the end. */
  stop(): Promise<void>;
  /** Disconnects its clients, stops the server, and drops its database. */
  close(): Promise<void>;
}

/** Starts a whole server in this process, on a free port, with a database of its own. */
export async function startTestServer({ database, config = {} }: TestServerOptions = {}): Promise<TestServer> {
  const ownDatabase = database === undefined ? await createTestDatabase() : undefined;
  const databaseUrl = database ?? ownDatabase?.url ?? "";
  const secret = config.jwt?.secret?.[0] ?? randomBytes(48).toString("base64url");
  const clock = new TestClock();
  const roomful = createRoomful(
    createConfig({
      mode: "test",
      ...config,
      http: { port: 0, host: "127.0.0.1", ...config.http },
      database: { url: databaseUrl, allowUnsafeDurability: true, ...config.database },
      jwt: {
        ...(config.jwt?.publicKey === undefined && config.jwt?.jwksUrl === undefined && { secret: [secret] }),
        ...config.jwt,
      },
      rateLimits: { enabled: "off", ...config.rateLimits },
      log: { level: "silent", ...config.log },
    }),
    { clock },
  );
  try {
    await roomful.start();
  } catch (error) {
    await ownDatabase?.drop();
    throw error;
  }
  const clients = new Set<TestClient>();
  const mint = async (request: TokenRequest): Promise<string> =>
    signToken(secret, { ...requirementsOf(config.jwt ?? {}), ...request }, clock);

  return {
    url: roomful.url,
    database: databaseUrl,
    clock,
    tokens: { mint },
    async connect({ userId, claims, rooms, token, namespace = "/", lastSocketId, transports = ["websocket"] }) {
      const given = token === undefined ? await mint({ userId, ...claims }) : token;
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
    },
    settled: () => roomful.settled(),
    stop: () => roomful.stop(),
    async close() {
      for (const client of clients) {
        client.close();
      }
      await roomful.stop();
      await ownDatabase?.drop();
    },
  };
}
