import { createMetrics, type MetricSources } from "../../../src/observability/metrics";

function setup() {
  const state = {
    sockets: new Map([["/", 3]]),
    writeBuffer: {
      ...{ backlog: 5, backlogBytes: 600, oldestAgeMs: 1_500, admitted: 12, stored: 7 },
      ...{ lockedGroups: 2, lockedOldestAgeMs: 3_500 },
    },
    emitBufferBytes: 4_096,
    isPostgresUp: true,
  };
  const sources: MetricSources = {
    sockets: () => state.sockets,
    writeBuffer: () => state.writeBuffer,
    emitBufferBytes: () => state.emitBufferBytes,
    outbox: () => ({ waiting: 6, oldestAgeMs: 2_500, setAside: 2 }),
    isPostgresUp: () => state.isPostgresUp,
    redis: () => undefined,
  };
  const metrics = createMetrics(sources);
  /** The lines of one metric, its help left out. */
  const linesOf = async (name: string): Promise<string[]> =>
    (await metrics.registry.getSingleMetricAsString(name)).split("\n").filter((line) => line.startsWith(name));
  return { state, metrics, linesOf };
}

it.each([
  ["roomful_write_buffer_backlog", 5],
  ["roomful_write_buffer_backlog_bytes", 600],
  ["roomful_write_buffer_oldest_seconds", 1.5],
  ["roomful_write_buffer_locked_rooms", 2],
  ["roomful_write_buffer_locked_oldest_seconds", 3.5],
  ["roomful_emit_buffer_bytes", 4_096],
  ["roomful_outbox_backlog", 6],
  ["roomful_outbox_oldest_seconds", 2.5],
  ["roomful_outbox_set_aside", 2],
  ["roomful_postgres_up", 1],
  ["roomful_messages_admitted_total", 12],
  ["roomful_messages_stored_total", 7],
])("reads %s when it is asked for", async (name, value) => {
  const { linesOf } = setup();

  expect(await linesOf(name)).toEqual([`${name} ${value}`]);
});

it("reads what is true now, and does not add up what is counted elsewhere", async () => {
  const { state, linesOf } = setup();
  await linesOf("roomful_messages_stored_total");
  await linesOf("roomful_messages_stored_total");

  state.writeBuffer = { ...state.writeBuffer, backlog: 0, stored: 12 };
  state.isPostgresUp = false;

  expect(await linesOf("roomful_messages_stored_total")).toEqual(["roomful_messages_stored_total 12"]);
  expect(await linesOf("roomful_write_buffer_backlog")).toEqual(["roomful_write_buffer_backlog 0"]);
  expect(await linesOf("roomful_postgres_up")).toEqual(["roomful_postgres_up 0"]);
});

it("counts sockets by namespace, and forgets a namespace that is gone", async () => {
  const { state, linesOf } = setup();
  state.sockets.set("/support", 0);
  expect(await linesOf("roomful_sockets")).toEqual([
    'roomful_sockets{namespace="/"} 3',
    'roomful_sockets{namespace="/support"} 0',
  ]);

  state.sockets.delete("/");

  expect(await linesOf("roomful_sockets")).toEqual(['roomful_sockets{namespace="/support"} 0']);
});

it("counts what it is told, by label", async () => {
  const { metrics, linesOf } = setup();

  metrics.handshakesRefused.inc({ code: "TOKEN_EXPIRED" });
  metrics.packets.inc({ event: "join", result: "ok" });
  metrics.packets.inc({ event: "join", result: "ok" });
  metrics.slowConsumers.inc({ limit: "bytes" });
  metrics.messagesRejected.inc({ reason: "STORAGE_REJECTED" }, 2);
  metrics.batchesFailed.inc({ kind: "retryable" });

  expect(await linesOf("roomful_handshakes_refused_total")).toEqual([
    'roomful_handshakes_refused_total{code="TOKEN_EXPIRED"} 1',
  ]);
  expect(await linesOf("roomful_packets_total")).toEqual(['roomful_packets_total{event="join",result="ok"} 2']);
  expect(await linesOf("roomful_slow_consumers_total")).toEqual(['roomful_slow_consumers_total{limit="bytes"} 1']);
  expect(await linesOf("roomful_messages_rejected_total")).toEqual([
    'roomful_messages_rejected_total{reason="STORAGE_REJECTED"} 2',
  ]);
  expect(await linesOf("roomful_write_buffer_failures_total")).toEqual([
    'roomful_write_buffer_failures_total{kind="retryable"} 1',
  ]);
});

it.each([
  ["flushSeconds", "roomful_write_buffer_flush_seconds", 0.02, 'le="0.01"', 'le="0.025"'],
  ["batchSize", "roomful_write_buffer_batch_size", 200, 'le="100"', 'le="200"'],
  ["slowConsumerCutSeconds", "roomful_slow_consumer_cut_seconds", 0.2, 'le="0.1"', 'le="0.25"'],
] as const)("sorts %s into buckets", async (property, name, value, below, above) => {
  const { metrics, linesOf } = setup();

  metrics[property].observe(value);

  expect(await linesOf(name)).toEqual(
    expect.arrayContaining([
      ...[`${name}_bucket{${below}} 0`, `${name}_bucket{${above}} 1`],
      ...[`${name}_sum ${value}`, `${name}_count 1`],
    ]),
  );
});

it("names every metric of its own after its base unit, and explains it", async () => {
  const { metrics } = setup();
  const all = await metrics.registry.getMetricsAsJSON();
  const own = all.filter(({ name }) => name.startsWith("roomful_"));

  expect(own.length).toBeGreaterThan(15);
  for (const { name, help, type } of own) {
    expect(help).toMatch(/^[A-Z1].*\.$/);
    expect([name, name.endsWith("_total")]).toEqual([name, String(type) === "counter"]);
    expect(name).not.toMatch(/_(ms|milliseconds|kb)\b/);
  }
});

it("shows Node's own numbers too", async () => {
  const { metrics } = setup();

  expect(await metrics.registry.metrics()).toMatch(/^nodejs_eventloop_lag_seconds /m);
});

it("keeps a registry of its own, so that two services fit into one process", async () => {
  const first = setup();
  const second = setup();

  first.metrics.slowConsumers.inc({ limit: "age" });

  expect(await second.linesOf("roomful_slow_consumers_total")).toEqual([]);
});
