import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { Client } from "pg";

import type { Clock, Timer } from "../lifecycle/clock";
import type { Service } from "../lifecycle/service";

interface Connection {
  client: Client;
  /** pg ends a connection in order only, which one that hangs does not answer. */
  socket: Socket;
}

export interface OutboxListenerOptions {
  url: string;
  channel: string;
  connectTimeoutMs: number;
  clock: Clock;
  random: () => number;
  /** Something was committed, or may have been while nobody listened. */
  onWake(): void;
  /** The connection was lost, or not had, and is tried again; or it is there, and hears nothing. Reported once for each loss. */
  onDown(error: unknown): void;
  /** Notifies the channel, on another connection. */
  notify(channel: string): Promise<unknown>;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** A connection that has died without a word is found by asking. */
const PROBE_INTERVAL_MS = 5_000;
const PROBE_TIMEOUT_MS = 2_000;
const END_TIMEOUT_MS = 1_000;
/** A notification that has not arrived after this never will. */
const HEAR_TIMEOUT_MS = 5_000;

/**
 * Listens for commits on a connection of its own, and opens it again when it is lost.
 *
 * Without it the outbox is drained late, by the poll, and never wrongly: a notification carries nothing.
 */
export class OutboxListener implements Service {
  readonly name = "outbox listener";
  private connection: Connection | undefined;
  private failures = 0;
  private retryTimer: Timer | undefined;
  private probeTimer: Timer | undefined;

  constructor(private readonly options: OutboxListenerOptions) {}

  /** Resolves when it listens, or has failed for the first time: it goes on trying. */
  async start(): Promise<void> {
    await this.connect();
  }

  async stop(): Promise<void> {
    this.retryTimer?.clear();
    this.probeTimer?.clear();
    this.retryTimer = undefined;
    const { connection } = this;
    this.connection = undefined;
    if (connection) {
      const timeout = this.options.clock.setTimer(() => connection.socket.destroy(), END_TIMEOUT_MS);
      await connection.client.end();
      timeout.clear();
    }
  }

  private async connect(): Promise<void> {
    const { url, channel, connectTimeoutMs, onWake } = this.options;
    const socket = new Socket();
    const client = new Client({
      connectionString: url,
      application_name: "roomful outbox",
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: PROBE_TIMEOUT_MS,
      keepAlive: true,
      stream: () => socket,
    });
    const connection = { client, socket };
    this.connection = connection;
    // pg tells of a lost connection by either of them.
    client.on("error", (error) => this.lose(connection, error));
    client.on("end", () => this.lose(connection, new Error("the connection has ended")));
    client.on("notification", (notification) => {
      if (notification.channel === channel) {
        onWake();
      }
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
    } catch (error) {
      this.lose(connection, error);
      return;
    }
    if (this.connection === connection) {
      this.failures = 0;
      this.scheduleProbe(connection);
      // What was committed before is not announced again.
      onWake();
      void this.checkHearing(connection);
    }
  }

  /**
   * Sends itself a notification: where connections are shared between transactions, `LISTEN` succeeds, and what it is for
   * goes to nobody.
   */
  private async checkHearing(connection: Connection): Promise<void> {
    const { clock, notify, onDown } = this.options;
    const { client } = connection;
    const channel = `roomful_hears_${randomBytes(8).toString("hex")}`;
    let timeout: Timer | undefined;
    const heard = new Promise<boolean>((resolve) => {
      client.on("notification", (notification) => notification.channel === channel && resolve(true));
      timeout = clock.setTimer(() => resolve(false), HEAR_TIMEOUT_MS);
    });
    try {
      await client.query(`LISTEN ${channel}`);
      await notify(channel);
      if (!(await heard) && this.connection === connection) {
        onDown(new Error("no notification arrives: a pooler stands between. Set ROOMFUL_DATABASE_DIRECT_URL"));
      }
      await client.query(`UNLISTEN ${channel}`);
    } catch {
      // Postgres is away: the next connection is looked at again.
    } finally {
      timeout?.clear();
    }
  }

  private scheduleProbe(connection: Connection): void {
    this.probeTimer = this.options.clock.setTimer(() => {
      connection.client.query("SELECT 1").then(
        () => this.connection === connection && this.scheduleProbe(connection),
        (error: unknown) => this.lose(connection, error),
      );
    }, PROBE_INTERVAL_MS);
  }

  private lose(connection: Connection, error: unknown): void {
    if (this.connection !== connection) {
      // Stopped, or lost before.
      return;
    }
    this.connection = undefined;
    this.probeTimer?.clear();
    connection.socket.destroy();
    const { clock, random, onDown } = this.options;
    if (this.failures === 0) {
      onDown(error);
    }
    const ceilingMs = Math.min(FIRST_RETRY_MS * 2 ** this.failures, MAX_RETRY_MS);
    this.failures += 1;
    this.retryTimer = clock.setTimer(() => void this.connect(), ceilingMs * (0.5 + random() / 2));
  }
}
