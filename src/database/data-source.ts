import "reflect-metadata";

import { DataSource } from "typeorm";

import { Deployment } from "../../entities/deployment";
import { IdempotencyKey } from "../../entities/idempotency-key";
import { Message } from "../../entities/message";
import { OutboxRow } from "../../entities/outbox-row";
import { Probe } from "../../entities/probe";
import { Revocation } from "../../entities/revocation";
import { Room } from "../../entities/room";
import { RoomMember } from "../../entities/room-member";
import { MIGRATIONS } from "./migrations/migrations";
import type { OpenSockets } from "./open-sockets";

export interface DataSourceOptions {
  url: string;
  poolSize?: number;
  /** Postgres cancels a statement after this. */
  statementTimeoutMs?: number;
  /** Waiting for a connection ends after this. pg's own default is to wait for ever. */
  connectTimeoutMs?: number;
  /** Where its connections are to be found. */
  sockets?: OpenSockets;
  /**
   * Timeouts are told Postgres when a connection begins, which some poolers refuse.
   * @default true
   */
  hasSettings?: boolean;
}

/** Statements that wait for locks say so themselves too (`bounded-wait.ts`): this does not come through every pooler. */
const LOCK_TIMEOUT_MS = 2_000;
/** The driver gives up after Postgres should have: what is left then is a Postgres that hangs. */
const DRIVER_GRACE_MS = 1_000;

/** The one place that says how to reach Postgres; used by the service, the tests and the TypeORM CLI. */
export function createDataSource(options: DataSourceOptions): DataSource {
  const {
    url,
    poolSize = 2,
    statementTimeoutMs = 5_000,
    connectTimeoutMs = 3_000,
    sockets,
    hasSettings = true,
  } = options;
  return new DataSource({
    type: "postgres",
    url,
    poolSize,
    connectTimeoutMS: connectTimeoutMs,
    applicationName: "roomful",
    entities: [Deployment, IdempotencyKey, Message, OutboxRow, Probe, Revocation, Room, RoomMember],
    migrations: MIGRATIONS,
    synchronize: false, // The schema changes only through migrations.
    installExtensions: false,
    logging: false,
    poolErrorHandler: () => {
      // An idle connection was lost; whoever needs one next opens it, and reports what that meets.
    },
    extra: {
      ...(hasSettings && {
        statement_timeout: statementTimeoutMs,
        lock_timeout: LOCK_TIMEOUT_MS,
        idle_in_transaction_session_timeout: 10_000,
      }),
      query_timeout: statementTimeoutMs + DRIVER_GRACE_MS,
      keepAlive: true,
      ...(sockets && { stream: sockets.open }),
    },
  });
}

/** PgBouncer's answer to a setting that it does not know how to keep apart for its clients. */
const PROTOCOL_VIOLATION = "08P01";

/** Opens one; through a pooler that refuses settings, without them (see `checkSettings`). */
export async function openDataSource(options: DataSourceOptions): Promise<DataSource> {
  try {
    return await createDataSource(options).initialize();
  } catch (error) {
    if ((error as { code?: unknown }).code !== PROTOCOL_VIOLATION) {
      throw error;
    }
    return createDataSource({ ...options, hasSettings: false }).initialize();
  }
}
