import { io } from "socket.io-client";

import { createRoomful, type Roomful } from "../app";
import type { PartialConfig } from "../config/config";
import { createConfig } from "../config/load-config";
import type { TokenRequest } from "../middleware/sign-token";
import { FaultProxy, type TestAddress, type TestLine, type TestNetwork } from "./fault-proxy";
import { TestClient } from "./test-client";
import { TestClock } from "./test-clock";
import type { NodeTestTokens } from "./test-tokens";

export interface TestConnectOptions {
  userId: string;
  /** What else the token says. */
  claims?: Omit<TokenRequest, "userId">;
  /** Rooms to join with the handshake. */
  rooms?: (string | { room: string; after?: number; epoch?: string | null })[];
  /** In place of a token for `userId`; null: none. */
  token?: string | null;
  /** @default `/`, or the first that the node has */
  namespace?: string;
  lastSocketId?: string;
  /** @default websocket, where the node takes it */
  transports?: ("websocket" | "polling")[];
}

/** The way between a node and everybody who uses its `url`. */
export interface TestNodeNetwork extends TestNetwork {
  /** Another address of the node, for one client that is to have faults of its own. */
  line(): Promise<TestLine>;
}

/** One node of a test server. */
export interface TestNode {
  /** With the base path, if there is one. Leads through `net`, and stays the same through `restart`. */
  readonly url: string;
  /**
   * The port itself, past `net` and its faults. For what looks at bytes and kernel buffers: a proxy adds buffers of its own,
   * and can lose an answer that comes before its request has been sent in full.
   */
  readonly directUrl: string;
  /** Time of the node's own timers: real, and can be moved on. */
  readonly clock: TestClock;
  readonly net: TestNodeNetwork;
  /** Connects a client and waits for its welcome. Rejects when the handshake is refused; `error.data` has the code. */
  connect(options: TestConnectOptions): Promise<TestClient>;
  /** Resolves when every message admitted here is stored or rejected, and everybody was sent what follows from it. */
  settled(): Promise<void>;
  /** Stops in order, as a signal does; the clients are told, and cut in the end. */
  drain(): Promise<void>;
  /** Ends as a crash would: what is not written is lost, clients are cut, other nodes see it by its silence. */
  kill(): Promise<void>;
  /** Comes back at the same address, after `drain` or `kill`; a node that runs is drained first. */
  restart(): Promise<void>;
}

export interface TestNodeOptions {
  config: PartialConfig;
  /** As the node reaches it. */
  database: string;
  redisUrl: string | undefined;
  secret: string;
  apiKey: string;
  mint: NodeTestTokens["mint"];
  /** By user: tokens of before that moment have expired. */
  expiredTokens: ReadonlyMap<string, Date>;
}

/** What a test server knows of its nodes, beyond what a test does. */
export interface OwnedTestNode {
  readonly node: TestNode;
  readonly roomful: Roomful;
  /** Every client that was connected through it. */
  readonly clients: ReadonlySet<TestClient>;
  readonly isRunning: boolean;
  /** It was killed or drained at least once: what it had shown and could not store is lost. */
  readonly hasStopped: boolean;
  drop(): Promise<void>;
}

/** Starts a node, with a network in front of it. */
export async function startTestNode(options: TestNodeOptions): Promise<OwnedTestNode> {
  const { config, expiredTokens, mint } = options;
  const clock = new TestClock();
  const clients = new Set<TestClient>();
  const lines = new Set<FaultProxy>();
  let roomful = createService(options, clock);
  let hasStopped = false;
  await roomful.start();
  /** undefined: the port is closed, and may be somebody else's by now. */
  let address: TestAddress | undefined = addressOf(roomful);
  const target = (): TestAddress | undefined => address;
  const [first = "/"] = config.namespaces ?? [];
  const usualNamespace = config.namespaces?.includes("/") ? "/" : first;
  const usual = config.transports?.includes("websocket") === false ? "polling" : "websocket";
  const path = config.http?.basePath ?? "";
  const network = await FaultProxy.start({
    ...{ target, path },
    ...(config.http?.port !== undefined && { port: config.http.port }),
    ...(config.http?.host !== undefined && { host: config.http.host }),
  }).catch(async (error: unknown) => {
    await roomful.stop();
    throw error;
  });

  async function line(): Promise<FaultProxy> {
    const added = await FaultProxy.start({ target, path, above: network });
    lines.add(added);
    return added;
  }

  async function connect(connectOptions: TestConnectOptions): Promise<TestClient> {
    const { userId, claims, rooms, token, namespace = usualNamespace, lastSocketId } = connectOptions;
    const { transports = [usual] } = connectOptions;
    const given = token === undefined ? await mint({ userId, ...claims }, clock.now()) : token;
    const own = await line();
    const socket = io(new URL(own.url).origin + namespace, {
      auth: {
        ...(given !== null && { token: given }),
        ...(rooms && { rooms }),
        ...(lastSocketId !== undefined && { lastSocketId }),
      },
      path: `${path}/socket.io`,
      transports,
      autoConnect: false,
      forceNew: true,
      reconnection: false,
    });
    const client = await TestClient.connect({ userId, namespace, socket, net: own });
    clients.add(client);
    return client;
  }

  async function stop(how: "stop" | "abort"): Promise<void> {
    hasStopped = true;
    await roomful[how]();
    address = undefined;
  }

  const node: TestNode = {
    url: network.url,
    get directUrl() {
      return roomful.url;
    },
    clock,
    net: {
      cut: () => network.cut(),
      hold: () => network.hold(),
      slow: (delayMs) => network.slow(delayMs),
      resume: () => network.resume(),
      line,
    },
    connect,
    settled: () => roomful.settled(),
    drain: () => stop("stop"),
    kill: () => stop("abort"),
    async restart() {
      await stop("stop");
      const next = createService(options, clock);
      await next.start();
      for (const [userId, issuedBefore] of expiredTokens) {
        next.expireTokens(userId, issuedBefore);
      }
      roomful = next;
      address = addressOf(next);
    },
  };

  return {
    node,
    clients,
    get roomful() {
      return roomful;
    },
    get isRunning() {
      return address !== undefined;
    },
    get hasStopped() {
      return hasStopped;
    },
    async drop() {
      const proxies = [network, ...lines];
      // What is held would keep the node from closing its port.
      for (const proxy of proxies) {
        proxy.resume();
      }
      for (const client of clients) {
        client.close();
      }
      await stop("stop");
      for (const proxy of proxies) {
        await proxy.close();
      }
    },
  };
}

/** Behind the network on a port of its own: the configured one is the network's. */
function createService({ config, database, redisUrl, secret, apiKey }: TestNodeOptions, clock: TestClock): Roomful {
  const hasOwnKey = config.jwt?.publicKey === undefined && config.jwt?.jwksUrl === undefined;
  return createRoomful(
    createConfig({
      mode: "test",
      ...config,
      http: { apiKeys: [apiKey], ...config.http, port: 0, host: "127.0.0.1" },
      database: { allowUnsafeDurability: true, ...config.database, url: database },
      redis: { ...(redisUrl !== undefined && { url: redisUrl }), ...config.redis },
      jwt: { ...(hasOwnKey && { secret: [secret] }), ...config.jwt },
      rateLimits: { enabled: "off", ...config.rateLimits },
      // A rate as well: who is awaited is told at once, however quickly a test lets people come and go.
      presence: { maxStepsPerSecond: 0, ...config.presence },
      log: { level: "silent", ...config.log },
    }),
    { clock },
  );
}

function addressOf({ url }: Roomful): TestAddress {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
