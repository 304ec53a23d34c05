import { randomUUID } from "node:crypto";
import { Client } from "pg";

import { OpenSockets } from "./open-sockets";
import { cannotTell } from "./retry-policy";

export interface PostgresProbeOptions {
  url: string;
  connectTimeoutMs: number;
}

/** What an answer says of Postgres besides that it is there. */
export interface ProbeAnswer {
  /** Another server has taken over, or an earlier state has come back: it may hold other rows than were known. */
  isAnotherHistory: boolean;
}

/** Not even a write that is given up must keep a connection of Postgres for longer. */
const READ_TIMEOUT_MS = 2_000;
const END_TIMEOUT_MS = 1_000;
/** What nodes that were killed have left. */
const KEPT_FOR = "1 day";

/**
 * The timeline that is being written, in eight hexadecimal digits: it is another one from the moment at which a standby is
 * promoted. (`pg_control_checkpoint()` says so only after the next checkpoint.)
 */
const TIMELINE = "CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END";

/** The wait for a lock ends too, where no setting of the session comes through. */
const writeSql = (timeline: string): string => `
  INSERT INTO probes AS probe (node, count, written_at)
  SELECT $1::uuid, 1, now() FROM (SELECT set_config('lock_timeout', '1s', true)) AS bounded
  ON CONFLICT (node) DO UPDATE SET count = probe.count + 1, written_at = excluded.written_at
  RETURNING count::float8 AS count, ${timeline} AS timeline`;

const REMOVE_OLD_SQL = `
  DELETE FROM probes WHERE node IN (
    SELECT node FROM probes WHERE written_at < now() - interval '${KEPT_FOR}' FOR UPDATE SKIP LOCKED
  )`;

/**
 * Asks Postgres, on connections that nobody else uses, whether it commits and whether it answers, and sees by the way whether it
 * is still the same.
 *
 * Each node counts in a row of its own. A count that is not above the last one was taken back by a failover or a restore.
 */
export class PostgresProbe {
  private readonly node = randomUUID();
  private connection: { client: Client; sockets: OpenSockets } | undefined;
  private count = 0;
  private timeline: string | undefined;
  private asksTimeline = true;

  constructor(private readonly options: PostgresProbeOptions) {}

  /** Makes the connection that the first write would wait for otherwise. Rejects when it is not to be had, which the write tells too. */
  async open(): Promise<void> {
    await this.writer();
  }

  /** Commits something. Takes as long as Postgres takes; `abandon` ends it. */
  async write(): Promise<ProbeAnswer> {
    try {
      const client = await this.writer();
      const { rows } = await client.query<{ count: number; timeline: string | null }>(
        writeSql(this.asksTimeline ? TIMELINE : "NULL"),
        [this.node],
      );
      const { count = 0, timeline = null } = rows[0] ?? {};
      const isBack = count <= this.count;
      this.count = count;
      return { isAnotherHistory: this.isAnotherTimeline(timeline) || isBack };
    } catch (error) {
      this.abandon();
      if (this.mayAskLess(error)) {
        return this.write();
      }
      throw error;
    }
  }

  /** Asks without writing, on a new connection: an old one may lead to a server that is no longer the one. */
  async read(): Promise<ProbeAnswer> {
    const { client, sockets } = this.connect(READ_TIMEOUT_MS);
    try {
      await client.connect();
      const { rows } = await client.query<{ timeline: string | null }>(
        `SELECT ${this.asksTimeline ? TIMELINE : "NULL"} AS timeline`,
      );
      return { isAnotherHistory: this.isAnotherTimeline(rows[0]?.timeline ?? null) };
    } catch (error) {
      if (this.mayAskLess(error)) {
        return this.read();
      }
      throw error;
    } finally {
      // Not awaited: a server that hangs from now on would never take the farewell.
      void client.end();
      setTimeout(() => sockets.destroyAll(), END_TIMEOUT_MS).unref();
    }
  }

  /** Ends a write that hangs; the next one is made on a new connection. */
  abandon(): void {
    this.connection?.sockets.destroyAll();
    this.connection = undefined;
  }

  /** Takes its row away, if Postgres lets it. */
  async close(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    if (!connection) {
      return;
    }
    const timeout = setTimeout(() => connection.sockets.destroyAll(), READ_TIMEOUT_MS);
    try {
      await connection.client.query("DELETE FROM probes WHERE node = $1", [this.node]);
      await connection.client.end();
    } catch {
      // It is removed by another node, in a day.
    } finally {
      clearTimeout(timeout);
      connection.sockets.destroyAll();
    }
  }

  private async writer(): Promise<Client> {
    if (this.connection) {
      return this.connection.client;
    }
    const connection = this.connect();
    this.connection = connection;
    await connection.client.connect();
    await connection.client.query(REMOVE_OLD_SQL);
    return connection.client;
  }

  private connect(queryTimeoutMs?: number): { client: Client; sockets: OpenSockets } {
    const { url, connectTimeoutMs } = this.options;
    const sockets = new OpenSockets();
    const client = new Client({
      connectionString: url,
      application_name: "roomful probe",
      connectionTimeoutMillis: connectTimeoutMs,
      ...(queryTimeoutMs !== undefined && { query_timeout: queryTimeoutMs }),
      keepAlive: true,
      stream: sockets.open,
    });
    client.on("error", () => {
      // What was being asked fails; where nothing was, the next question does.
      sockets.destroyAll();
      if (this.connection?.client === client) {
        this.connection = undefined;
      }
    });
    return { client, sockets };
  }

  /** True the first time that the timeline cannot be asked for. The count says less: only what was taken back. */
  private mayAskLess(error: unknown): boolean {
    const mayAskLess = this.asksTimeline && cannotTell(error);
    this.asksTimeline &&= !mayAskLess;
    return mayAskLess;
  }

  private isAnotherTimeline(timeline: string | null): boolean {
    const before = this.timeline;
    this.timeline = timeline ?? before;
    return timeline !== null && before !== undefined && timeline !== before;
  }
}
