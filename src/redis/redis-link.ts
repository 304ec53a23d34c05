import { setTimeout as delay } from "node:timers/promises";

import type { Clock, Timer } from "../lifecycle/clock";
import type { Service } from "../lifecycle/service";
import { STILL_AFTER_MS, setAwakeTimer } from "../lifecycle/set-awake-timer";
import type { ConnectionFactory } from "./create-connection";
import { NodeRoll } from "./node-roll";
import { PeerWatch } from "./peer-watch";
import type { Listener, RedisCommands, RedisConnection, Subscription } from "./redis-connection";
import { describeRedisFault, needsNewConnection, RedisTrouble, refusesWrites } from "./redis-fault";
import type { RedisNames } from "./redis-names";

export interface RedisLinkOptions {
  connections: ConnectionFactory;
  nodeId: string;
  names: Pick<RedisNames, "probeChannel" | "rollKey">;
  /** Durations are Redis' own: the real clock, whatever a test skips. */
  clock: Clock;
  random: () => number;
  /** There is a new connection, perhaps to another server. */
  onConnected?(commands: RedisCommands): void;
  /** Messages to other nodes were lost from some moment before on. */
  onDown(): void;
  /** Messages go round again. */
  onUp(): void;
  /** Why Redis cannot be used, in words; told once for each reason until messages go round again. */
  onFault(reason: string, error: unknown): void;
}

/** What the adapter uses of a client to publish with: it never waits for Redis, and never fails. */
export interface RedisPublisher {
  publish(channel: string, message: Buffer | string): void;
  on(event: "error", listener: (error: unknown) => void): unknown;
  off(event: "error", listener: (error: unknown) => void): unknown;
  /** By this the adapter knows the kind of client. */
  pSubscribe(): void;
}

/** What the adapter uses of a client to listen with; it never fails either. */
export interface RedisSubscriber {
  pSubscribe(pattern: string, listener: Listener): void;
  subscribe(channels: string | string[], listener: Listener): void;
  pUnsubscribe(pattern: string, listener: Listener): void;
  unsubscribe(channels: string | string[], listener: Listener): void;
  on(event: "error", listener: (error: unknown) => void): unknown;
  off(event: "error", listener: (error: unknown) => void): unknown;
}

const PROBE_INTERVAL_MS = 1_000;
/** A node begins without Redis after this. */
const START_TIMEOUT_MS = 3_000;
const RECONNECT_MS = 100;
/** Where the server refuses, nothing changes soon. */
const REFUSED_RECONNECT_MS = 1_000;
const ANSWER_TIMEOUT_MS = 1_000;

/**
 * The node's way to Redis, and to the other nodes through it.
 *
 * Nothing waits for Redis, and nothing is kept for later: a message that comes late is worse than one that is found
 * in the table. A connection is of use while Redis takes writes on it, this node hears its own probes, and it hears those
 * of every node that is on the roll; one that is not is thrown away for a new one, although it may live.
 */
export class RedisLink implements Service {
  readonly name = "Redis";
  /** They fail at once while Redis is away. */
  readonly commands: RedisCommands;
  /** Broadcasts that were not sent to other nodes. */
  unsent = 0;
  private readonly peers: PeerWatch;
  private readonly roll: NodeRoll;
  private readonly subscriptions = new Set<Subscription>();
  /** The one there is, or the one that is being made. */
  private connection: RedisConnection | undefined;
  /** It is connected, everything is subscribed, and Redis took a write on it. */
  private isConnected = false;
  /** Ends the connection for this reason. */
  private endConnection: (error: unknown) => void = () => {};
  /** Why Redis takes no writes, while it goes on to carry messages. */
  private writeFault: unknown;
  private fault: string | undefined;
  private timer: Timer | undefined;
  private probedAtMs = 0;
  private isStopped = false;
  /** What this node says came back to it, as it was last seen: after a standstill only the next look can tell. */
  private hasEcho = false;

  constructor(private readonly options: RedisLinkOptions) {
    const { nodeId, clock, names, connections } = options;
    this.peers = new PeerWatch({ nodeId, clock, ways: connections.ways });
    this.roll = new NodeRoll({ key: names.rollKey, nodeId });
    this.commands = createCommands(() => (this.isConnected ? this.connection : undefined));
  }

  /** Messages go round, and Redis takes writes. */
  get isUp(): boolean {
    return this.hasEcho && this.writeFault === undefined;
  }

  /** Messages go round; presence may not. */
  get canPublish(): boolean {
    return this.hasEcho;
  }

  /** Why it is not, in words. */
  get trouble(): string | undefined {
    return this.isUp ? undefined : (this.fault ?? "Redis does not answer");
  }

  /** Messages may have been lost a moment ago, this node's or another's: the table is to be asked. */
  get isDegraded(): boolean {
    return this.peers.isDegraded;
  }

  readonly publisher: RedisPublisher = {
    publish: (channel, message) => {
      const { connection } = this;
      if (!connection || !this.hasEcho) {
        this.unsent += 1;
        return;
      }
      connection.publish(channel, message).catch((error: unknown) => {
        this.unsent += 1;
        this.noticeRefusal(connection, error);
      });
    },
    on: () => undefined,
    off: () => undefined,
    pSubscribe: () => undefined,
  };

  readonly subscriber: RedisSubscriber = {
    pSubscribe: (pattern, listener) => this.subscribe({ isPattern: true, name: pattern, listener }),
    subscribe: (channels, listener) => {
      for (const name of [channels].flat()) {
        this.subscribe({ isPattern: false, name, listener });
      }
    },
    pUnsubscribe: (pattern, listener) => this.unsubscribe(true, pattern, listener),
    unsubscribe: (channels, listener) => {
      for (const name of [channels].flat()) {
        this.unsubscribe(false, name, listener);
      }
    },
    on: () => undefined,
    off: () => undefined,
  };

  /** Small things that nodes tell each other, under a prefix. What Redis does not answer soon is not known. */
  sharedMemory(prefix: string): {
    set(key: string, value: string, keepMs: number): void;
    get(key: string): Promise<string | undefined>;
  } {
    return {
      set: (key, value, keepMs) => {
        this.commands.set(prefix + key, value, { expiration: { type: "PX", value: keepMs } }).catch(() => {
          // It is not remembered.
        });
      },
      get: async (key) => {
        const { clock } = this.options;
        return new Promise((resolve) => {
          const timeout = setAwakeTimer(clock, () => resolve(undefined), ANSWER_TIMEOUT_MS);
          const settle = (value?: string | null): void => {
            timeout.clear();
            resolve(value ?? undefined);
          };
          this.commands.get(prefix + key).then(settle, () => settle());
        });
      },
    };
  }

  /** Resolves when messages go round, or after 3 s without Redis: the node then goes alone. */
  async start(): Promise<void> {
    this.subscriber.subscribe(this.options.names.probeChannel, (message) => this.hear(message.toString()));
    this.probedAtMs = this.options.clock.monotonicMs();
    this.timer = this.options.clock.setRepeating(() => this.probe(), PROBE_INTERVAL_MS);
    void this.keepConnected();
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (!this.isUp && performance.now() < deadlineMs && !this.isStopped) {
      this.sendProbes();
      await delay(20);
    }
    if (!this.isUp) {
      this.options.onDown();
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    const { connection, options } = this;
    if (connection && this.isConnected) {
      await Promise.all([
        connection.publish(options.names.probeChannel, `${options.nodeId} bye`),
        this.roll.call(connection.commands, false),
      ]).catch(() => {
        // The others will see it by the silence.
      });
    }
    this.cut();
  }

  /** Ends the connections without a word to the others. */
  cut(): void {
    this.isStopped = true;
    this.hasEcho = false;
    this.timer?.clear();
    this.peers.lostTouch();
    this.endConnection(new Error("the node stops"));
    this.connection?.destroy();
  }

  private async keepConnected(): Promise<void> {
    while (!this.isStopped) {
      const error = await this.holdConnection();
      if (this.isStopped) {
        return;
      }
      this.report(error);
      this.peers.lostTouch();
      this.noticeChange(this.writeFault);
      const pauseMs = needsNewConnection(error) ? REFUSED_RECONNECT_MS : RECONNECT_MS;
      await delay(pauseMs * (1 + this.options.random()), undefined, { ref: false });
    }
  }

  /** Makes a connection, and resolves with the reason when it is of no more use. */
  private async holdConnection(): Promise<unknown> {
    let end!: (error: unknown) => void;
    const ended = new Promise<unknown>((resolve) => {
      end = resolve;
    });
    const connection = this.options.connections.create(end);
    this.connection = connection;
    this.endConnection = end;
    this.begin(connection).catch(end);
    const error = await ended;
    this.isConnected = false;
    connection.destroy();
    return error;
  }

  private async begin(connection: RedisConnection): Promise<void> {
    await connection.connect();
    const subscribed = new Set<Subscription>();
    // Some may be added meanwhile.
    for (let open = [...this.subscriptions]; open.length > 0; ) {
      await Promise.all(open.map((each) => connection.subscribe(each)));
      for (const each of open) {
        subscribed.add(each);
      }
      open = [...this.subscriptions].filter((each) => !subscribed.has(each));
    }
    await this.callRoll(connection);
    if (connection !== this.connection) {
      return;
    }
    this.peers.startAgain();
    this.isConnected = true;
    this.options.onConnected?.(connection.commands);
    this.sendProbes();
  }

  private subscribe(subscription: Subscription): void {
    this.subscriptions.add(subscription);
    const { connection } = this;
    if (connection && this.isConnected) {
      connection.subscribe(subscription).catch((error: unknown) => this.endConnection(error));
    }
  }

  private unsubscribe(isPattern: boolean, name: string, listener: Listener): void {
    for (const each of this.subscriptions) {
      if (each.isPattern === isPattern && each.name === name && each.listener === listener) {
        this.subscriptions.delete(each);
        this.connection?.unsubscribe(each).catch(() => {
          // It is lost, and the next one does not subscribe.
        });
      }
    }
  }

  private probe(): void {
    const nowMs = this.options.clock.monotonicMs();
    const lateMs = nowMs - this.probedAtMs - PROBE_INTERVAL_MS;
    this.probedAtMs = nowMs;
    if (lateMs > STILL_AFTER_MS) {
      // No word of Redis was read meanwhile.
      this.peers.excuse(lateMs);
    }
    // After the event loop has read what has come: timers go before it.
    setImmediate(() => {
      this.peers.tick();
      this.noticeChange(this.writeFault);
      this.sendProbes();
      const { connection } = this;
      if (connection && this.isConnected) {
        this.callRoll(connection).catch((error: unknown) => this.noticeRefusal(connection, error));
      }
    });
  }

  /** Rejects when the connection is of no use. */
  private async callRoll(connection: RedisConnection): Promise<void> {
    try {
      const nodeIds = await this.roll.call(connection.commands, this.hasEcho);
      this.peers.expect(nodeIds);
      this.noticeChange(undefined);
    } catch (error) {
      if (!refusesWrites(error)) {
        throw error;
      }
      this.report(error);
      this.noticeChange(error);
    }
    if (this.isConnected && this.peers.unheard.length > 0) {
      this.endConnection(new RedisTrouble("Redis: probes do not arrive here"));
    }
  }

  private hear(message: string): void {
    const [nodeId = "", word] = message.split(" ");
    if (word === "bye") {
      this.peers.forget(nodeId);
    } else {
      const way = Number(word);
      // Anybody who may publish in Redis can reach this.
      if (Number.isInteger(way) && way >= 0 && way < this.options.connections.ways) {
        this.peers.heard(nodeId, way);
      }
    }
    this.noticeChange(this.writeFault);
  }

  private noticeChange(writeFault: unknown): void {
    if (!this.timer || this.isStopped) {
      return;
    }
    const wasUp = this.isUp;
    this.hasEcho = this.peers.hasOwnEcho;
    this.writeFault = writeFault;
    if (this.isUp === wasUp) {
      return;
    }
    if (this.isUp) {
      this.fault = undefined;
      this.options.onUp();
    } else {
      this.options.onDown();
    }
  }

  /** Once for each reason: an attempt that fails as the one before says nothing new. */
  private report(error: unknown): void {
    const reason = describeRedisFault(error);
    if (reason !== this.fault) {
      this.fault = reason;
      this.options.onFault(reason, error);
    }
  }

  private noticeRefusal(connection: RedisConnection, error: unknown): void {
    if (connection === this.connection && needsNewConnection(error)) {
      this.endConnection(error);
    }
  }

  /** On every way that a message can take. */
  private sendProbes(): void {
    const { connection, options } = this;
    for (let way = 0; connection && this.isConnected && way < options.connections.ways; way += 1) {
      connection
        .publish(options.names.probeChannel, `${options.nodeId} ${way}`, way)
        .catch((error: unknown) => this.noticeRefusal(connection, error));
    }
  }
}

/** Those of whichever connection there is. */
function createCommands(connection: () => RedisConnection | undefined): RedisCommands {
  const inUse = (): RedisCommands => {
    const current = connection();
    if (!current) {
      throw new RedisTrouble("Redis does not answer");
    }
    return current.commands;
  };
  const commands = {
    eval: async (...args: Parameters<RedisCommands["eval"]>) => inUse().eval(...args),
    evalSha: async (...args: Parameters<RedisCommands["evalSha"]>) => inUse().evalSha(...args),
    scriptLoad: async (...args: Parameters<RedisCommands["scriptLoad"]>) => inUse().scriptLoad(...args),
    get: async (...args: Parameters<RedisCommands["get"]>) => inUse().get(...args),
    set: async (...args: Parameters<RedisCommands["set"]>) => inUse().set(...args),
    info: async (...args: Parameters<RedisCommands["info"]>) => inUse().info(...args),
  };
  // The same functions; the client's types say besides what `this` has to be.
  return commands as unknown as RedisCommands;
}
