import { createClient } from "redis";

import type { Clock, Timer } from "../lifecycle/clock";
import type { Service } from "../lifecycle/service";
import { STILL_AFTER_MS, setAwakeTimer } from "../lifecycle/set-awake-timer";
import { PeerWatch } from "./peer-watch";

type Client = ReturnType<typeof createClient>;
type Listener = (message: Buffer, channel: Buffer) => unknown;

export interface RedisLinkOptions {
  url: string;
  nodeId: string;
  /** Where the nodes of this deployment say that they live. */
  probeChannel: string;
  /** Durations are Redis' own: the real clock, whatever a test skips. */
  clock: Clock;
  random: () => number;
  /** Messages to other nodes were lost from some moment before on. */
  onDown(): void;
  /** Messages go round again. */
  onUp(): void;
  onError(error: unknown): void;
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
const CONNECT_TIMEOUT_MS = 2_000;
/** A node begins without Redis after this. */
const START_TIMEOUT_MS = 3_000;
/** A connection on which nothing comes is dead: Redis is stopped, or the network swallows it. */
const SILENCE_TIMEOUT_MS = 5_000;
const PING_INTERVAL_MS = 1_500;
const RECONNECT_MS = 100;
const ANSWER_TIMEOUT_MS = 1_000;

/**
 * The node's connections to Redis, one to publish and ask, one to listen.
 *
 * Nothing waits for Redis, and nothing is kept for later: a message that comes late is worse than one that is found
 * in the table. Whether messages go round is known by probes that each node sends to all, itself included.
 */
export class RedisLink implements Service {
  readonly name = "Redis";
  /** For commands: they fail at once while Redis is away. */
  readonly commands: Client;
  /** Broadcasts that were not sent to other nodes. */
  unsent = 0;
  private readonly listening: Client;
  private readonly peers: PeerWatch;
  private timer: Timer | undefined;
  private probedAtMs = 0;
  private isStopped = false;
  private isGoingRound = false;

  constructor(private readonly options: RedisLinkOptions) {
    const { url, random, nodeId, clock } = options;
    this.peers = new PeerWatch({ nodeId, clock });
    const common = {
      url,
      pingInterval: PING_INTERVAL_MS,
      socket: {
        connectTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: SILENCE_TIMEOUT_MS,
        reconnectStrategy: () => RECONNECT_MS * (1 + random()),
      },
    };
    this.commands = createClient({ ...common, disableOfflineQueue: true });
    // With its queue: a subscription that is asked for before there is a connection is made when there is one.
    this.listening = createClient(common);
    for (const client of [this.commands, this.listening]) {
      client.on("error", () => {
        // It reconnects by itself, and says so.
      });
      client.on("reconnecting", () => {
        this.peers.lostTouch();
        this.noticeChange();
      });
    }
  }

  /** Messages go round, as it was last seen: after a moment in which this node stood still, only the next look can tell. */
  get isUp(): boolean {
    return this.isGoingRound;
  }

  /** Messages may have been lost a moment ago, this node's or another's: the table is to be asked. */
  get isDegraded(): boolean {
    return this.peers.isDegraded;
  }

  readonly publisher: RedisPublisher = {
    publish: (channel, message) => {
      if (!this.isUp || !this.commands.isReady) {
        this.unsent += 1;
        return;
      }
      this.commands.publish(channel, message).catch(() => {
        this.unsent += 1;
      });
    },
    on: () => undefined,
    off: () => undefined,
    pSubscribe: () => undefined,
  };

  readonly subscriber: RedisSubscriber = {
    pSubscribe: (pattern, listener) => this.quietly(this.listening.pSubscribe(pattern, listener, true)),
    subscribe: (channels, listener) => this.quietly(this.listening.subscribe(channels, listener, true)),
    pUnsubscribe: (pattern, listener) => this.quietly(this.listening.pUnsubscribe(pattern, listener, true)),
    unsubscribe: (channels, listener) => this.quietly(this.listening.unsubscribe(channels, listener, true)),
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
        if (this.isUp) {
          this.quietly(this.commands.set(prefix + key, value, { expiration: { type: "PX", value: keepMs } }));
        }
      },
      get: async (key) => {
        if (!this.isUp) {
          return undefined;
        }
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
    this.subscriber.subscribe(this.options.probeChannel, (message) => this.hear(message.toString()));
    for (const client of [this.commands, this.listening]) {
      this.quietly(client.connect());
    }
    this.probedAtMs = this.options.clock.monotonicMs();
    this.timer = this.options.clock.setRepeating(() => this.probe(), PROBE_INTERVAL_MS);
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (!this.isUp && performance.now() < deadlineMs && !this.isStopped) {
      this.send(this.options.nodeId);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (!this.isUp) {
      this.options.onDown();
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    if (this.commands.isReady) {
      await this.commands.publish(this.options.probeChannel, `${this.options.nodeId} bye`).catch(() => {
        // The others will see it by the silence.
      });
    }
    this.cut();
  }

  /** Ends the connections without a word to the others. */
  cut(): void {
    this.isStopped = true;
    this.isGoingRound = false;
    this.timer?.clear();
    this.peers.lostTouch();
    for (const client of [this.commands, this.listening]) {
      if (client.isOpen) {
        client.destroy();
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
      this.noticeChange();
      this.send(this.options.nodeId);
    });
  }

  private hear(message: string): void {
    const [nodeId = "", word] = message.split(" ");
    if (word === "bye") {
      this.peers.forget(nodeId);
    } else {
      this.peers.heard(nodeId);
    }
    this.noticeChange();
  }

  private noticeChange(): void {
    const { hasOwnEcho } = this.peers;
    if (!this.timer || this.isStopped || this.isGoingRound === hasOwnEcho) {
      return;
    }
    this.isGoingRound = hasOwnEcho;
    if (hasOwnEcho) {
      this.options.onUp();
    } else {
      this.options.onDown();
    }
  }

  private send(message: string): void {
    if (this.commands.isReady) {
      this.quietly(this.commands.publish(this.options.probeChannel, message));
    }
  }

  private quietly(call: Promise<unknown>): void {
    call.catch((error: unknown) => {
      // While it stops, or while Redis is away, failures say nothing new.
      if (!this.isStopped && this.isUp) {
        this.options.onError(error);
      }
    });
  }
}
