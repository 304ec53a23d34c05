import { Counter, Gauge, Histogram, Registry } from "prom-client";

import { addProcessMetrics } from "./process-metrics";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Values that are read when somebody asks for the metrics. */
export interface MetricSources {
  /** Sockets by namespace. */
  sockets(): Iterable<[namespace: string, count: number]>;
  writeBuffer(): Readonly<
    Record<
      "backlog" | "backlogBytes" | "oldestAgeMs" | "lockedGroups" | "lockedOldestAgeMs" | "admitted" | "stored",
      number
    >
  >;
  emitBufferBytes(): number;
  /** What waited when it was last counted. */
  outbox(): { waiting: number; oldestAgeMs: number; setAside: number };
  isPostgresUp(): boolean;
  /** undefined: this node is alone. */
  redis(): { isUp: boolean; unsent: number } | undefined;
}

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Every number that the process shows, each declared once. Labels hold words of ours only:
 * no user, room or socket, and no event name that is not in the contract.
 */
export function createMetrics(sources: MetricSources) {
  const registry = new Registry();
  const registers = [registry];
  const process = addProcessMetrics(registry);

  new Gauge({
    name: "roomful_sockets",
    help: "Connected sockets.",
    labelNames: ["namespace"],
    registers,
    collect() {
      this.reset();
      for (const [namespace, count] of sources.sockets()) {
        this.set({ namespace }, count);
      }
    },
  });
  gauge(
    "roomful_write_buffer_backlog",
    "Messages admitted and not yet stored or rejected.",
    () => sources.writeBuffer().backlog,
  );
  gauge("roomful_write_buffer_backlog_bytes", "Their bytes.", () => sources.writeBuffer().backlogBytes);
  gauge(
    "roomful_write_buffer_oldest_seconds",
    "Age of the oldest of them whose room nobody else holds.",
    () => sources.writeBuffer().oldestAgeMs / 1000,
  );
  gauge(
    "roomful_write_buffer_locked_rooms",
    "Rooms whose rows another session of Postgres holds.",
    () => sources.writeBuffer().lockedGroups,
  );
  gauge(
    "roomful_write_buffer_locked_oldest_seconds",
    "Age of the oldest message that waits for one of them.",
    () => sources.writeBuffer().lockedOldestAgeMs / 1000,
  );
  gauge("roomful_outbox_backlog", "Rows that wait in the outbox, up to 10,000.", () => sources.outbox().waiting);
  gauge("roomful_outbox_oldest_seconds", "Age of the first of them.", () => sources.outbox().oldestAgeMs / 1000);
  gauge(
    "roomful_outbox_set_aside",
    "Rows of the outbox that could not be stored and wait for a person, up to 1,000.",
    () => sources.outbox().setAside,
  );
  gauge("roomful_emit_buffer_bytes", "Bytes that connections have not yet taken.", () => sources.emitBufferBytes());
  gauge("roomful_postgres_up", "1 while Postgres answers and stores.", () => Number(sources.isPostgresUp()));
  gauge("roomful_redis_up", "1 while broadcasts reach other nodes; also where there are none.", () =>
    Number(sources.redis()?.isUp ?? true),
  );
  total(
    "roomful_redis_unsent_total",
    "Broadcasts that were not sent to other nodes.",
    () => sources.redis()?.unsent ?? 0,
  );
  total("roomful_messages_admitted_total", "Messages admitted.", () => sources.writeBuffer().admitted);
  total("roomful_messages_stored_total", "Messages stored.", () => sources.writeBuffer().stored);

  return {
    registry,
    /** Node's own numbers, which are watched between its start and its stop. */
    process,
    handshakesRefused: counter("roomful_handshakes_refused_total", "Refused handshakes.", "code"),
    packets: new Counter({
      name: "roomful_packets_total",
      help: "Packets of clients, by event and result (ok, or the error's code).",
      labelNames: ["event", "result"],
      registers,
    }),
    handlerSeconds: new Histogram({
      name: "roomful_handler_seconds",
      help: "From packet to acknowledgement.",
      labelNames: ["event"],
      buckets: SECONDS,
      registers,
    }),
    apiCalls: new Counter({
      name: "roomful_api_calls_total",
      help: "Calls of the HTTP API, by operation and status.",
      labelNames: ["operation", "status"],
      registers,
    }),
    slowConsumers: counter("roomful_slow_consumers_total", "Connections cut by the emit-buffer limit.", "limit"),
    slowConsumerCutSeconds: new Histogram({
      name: "roomful_slow_consumer_cut_seconds",
      help: "From crossing the emit-buffer limit to the cut.",
      buckets: SECONDS,
      registers,
    }),
    floods: counter("roomful_floods_total", "Connections cut for what they sent.", "limit"),
    messagesRejected: counter("roomful_messages_rejected_total", "Admitted messages that were not stored.", "reason"),
    batchesFailed: counter("roomful_write_buffer_failures_total", "Batches that failed and were tried again.", "kind"),
    outboxDrained: new Counter({
      name: "roomful_outbox_drained_total",
      help: "Rows of the outbox that this node stored, or found stored.",
      registers,
    }),
    outboxSetAside: counter("roomful_outbox_failed_total", "Rows of the outbox that this node set aside.", "reason"),
    flushSeconds: new Histogram({
      name: "roomful_write_buffer_flush_seconds",
      help: "One batch, from its call to its commit.",
      buckets: SECONDS,
      registers,
    }),
    batchSize: new Histogram({
      name: "roomful_write_buffer_batch_size",
      help: "Messages a batch.",
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
      registers,
    }),
  };

  function gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  /** A counter that is counted elsewhere. */
  function total(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  function counter<const Label extends string>(name: string, help: string, label: Label): Counter<Label> {
    return new Counter({ name, help, labelNames: [label], registers });
  }
}
