import type { AppNamespace } from "./app-namespace";
import type { RoomfulConfig } from "./config/config";
import { OUTBOX_CHANNEL } from "./database/migrations/drain-outbox";
import type { Database } from "./database/open-database";
import { query } from "./database/query";
import { classifyWriteError, isUnavailable } from "./database/retry-policy";
import { type Clock, systemClock } from "./lifecycle/clock";
import type { Service } from "./lifecycle/service";
import type { Logger } from "./observability/logger";
import type { Metrics } from "./observability/metrics";
import { OutboxDrain } from "./outbox/outbox-drain";
import { OutboxListener } from "./outbox/outbox-listener";
import { createRowCheck } from "./outbox/refuse-row";
import { type OutboxCounts, OutboxRepository } from "./repositories/outbox-repository";

export interface NodeOutboxOptions {
  config: Pick<RoomfulConfig, "outbox" | "database" | "limits">;
  database: Database;
  namespaces: ReadonlyMap<string, Pick<AppNamespace, "settle">>;
  clock: Clock;
  random: () => number;
  logger: Logger;
  metrics: Pick<Metrics, "outboxDrained" | "outboxSetAside">;
  /** Postgres did not do what it was asked. */
  onUnavailable(): void;
  onError(error: unknown, where: string): void;
}

/** A node's part in draining the outbox. */
export interface NodeOutbox {
  /** To be started when rooms can be told, and stopped before that ends. */
  services: readonly Service[];
  readonly counts: OutboxCounts;
}

/** Wires what drains the outbox: what it appends is told to its room as a message of a strict room is. */
export function createNodeOutbox(options: NodeOutboxOptions): NodeOutbox {
  const { config, database, namespaces, clock, random, logger, metrics, onUnavailable, onError } = options;
  const drain = new OutboxDrain({
    config: config.outbox,
    outbox: new OutboxRepository(database.writer),
    namespaces: [...namespaces.keys()],
    refusalOf: createRowCheck(config.limits),
    classifyError: classifyWriteError,
    clock,
    random,
    onDrained(row, result) {
      metrics.outboxDrained.inc();
      namespaces.get(row.namespace)?.settle({ item: { ...row, isShown: false }, stored: result });
    },
    onSetAside({ position, namespace, room }, failure) {
      metrics.outboxSetAside.inc({ reason: failure.split(":")[0] ?? failure });
      logger.error({ position, namespace, room, failure }, "a row of the outbox was set aside: it cannot be stored");
    },
    onLocked({ namespace, room }) {
      logger.warn(
        { namespace, room },
        "a session of Postgres holds rows that the outbox needs; the room waits, and the others go on",
      );
    },
    onError(error) {
      if (!isUnavailable(error)) {
        onError(error, "outbox");
        return;
      }
      onUnavailable();
      logger.warn({ err: error }, "the outbox was not drained");
    },
  });
  const listener = new OutboxListener({
    url: config.database.directUrl ?? database.url,
    channel: OUTBOX_CHANNEL,
    connectTimeoutMs: config.database.connectTimeoutMs,
    // Not the given clock: Postgres answers in real time.
    clock: systemClock,
    random,
    onWake: () => drain.wake(),
    notify: (channel) => query(database.writer, "SELECT pg_notify($1, '')", [channel]),
    onDown: (error) => logger.warn({ err: error }, "commits into the outbox are not heard; it is looked at regularly"),
  });
  return {
    services: [drain, listener],
    get counts() {
      return drain.counts;
    },
  };
}
