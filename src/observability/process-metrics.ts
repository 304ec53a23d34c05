import {
  constants,
  type IntervalHistogram,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
} from "node:perf_hooks";
import { Gauge, Histogram, type Registry } from "prom-client";

/**
 * Files of prom-client's default metrics. Two that watch are missing, since they have no end, and two that read
 * `process._getActiveHandles` and `_getActiveRequests`: the first may abort the process (seen on Node 20.20). What is
 * active stands in `nodejs_active_resources`.
 */
const READ_WHEN_ASKED = [
  "processCpuTotal",
  "processStartTime",
  "osMemoryHeap",
  "processOpenFileDescriptors",
  "processMaxFileDescriptors",
  "processResources",
  "heapSizeAndUsed",
  "heapSpacesSizeAndUsed",
  "version",
];

const LAG_RESOLUTION_MS = 10;
/** By the last part of the name, as prom-client calls and explains them. */
const LAGS: Record<string, { help: string; nanosecondsOf(delays: IntervalHistogram): number }> = {
  min: { help: "The minimum recorded event loop delay.", nanosecondsOf: ({ min }) => min },
  max: { help: "The maximum recorded event loop delay.", nanosecondsOf: ({ max }) => max },
  mean: { help: "The mean of the recorded event loop delays.", nanosecondsOf: ({ mean }) => mean },
  stddev: { help: "The standard deviation of the recorded event loop delays.", nanosecondsOf: ({ stddev }) => stddev },
  p50: { help: "The 50th percentile of the recorded event loop delays.", nanosecondsOf: (of) => of.percentile(50) },
  p90: { help: "The 90th percentile of the recorded event loop delays.", nanosecondsOf: (of) => of.percentile(90) },
  p99: { help: "The 99th percentile of the recorded event loop delays.", nanosecondsOf: (of) => of.percentile(99) },
};

const GC_KINDS = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"],
]);
const GC_SECONDS = [0.001, 0.01, 0.1, 1, 2, 5];

/**
 * Node's own metrics under prom-client's names. Between start and stop they watch the event loop and the garbage
 * collector. prom-client's own watch until the process ends, with a timer of 10 ms each, and hold what was there when
 * they began: a suite that starts a hundred services had a hundred of them, and every module of each test file in memory.
 */
export function addProcessMetrics(registry: Registry) {
  for (const file of READ_WHEN_ASKED) {
    // One of those named above, in the version of prom-client that package.json pins; a unit test compares the names.
    const add = require(`prom-client/lib/metrics/${file}`) as (registry: Registry, config: object) => void;
    add(registry, {});
  }
  const registers = [registry];
  const delays = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  const lags = Object.entries(LAGS).map(([part, { help, nanosecondsOf }]) => ({
    gauge: new Gauge({ name: `nodejs_eventloop_lag_${part}_seconds`, help, registers }),
    nanosecondsOf,
  }));
  new Gauge({
    name: "nodejs_eventloop_lag_seconds",
    help: "Lag of event loop in seconds.",
    registers,
    collect() {
      const askedAtMs = performance.now();
      setImmediate(() => this.set((performance.now() - askedAtMs) / 1e3));
      for (const { gauge, nanosecondsOf } of lags) {
        gauge.set(nanosecondsOf(delays) / 1e9);
      }
      delays.reset();
    },
  });
  const gc = new Histogram({
    name: "nodejs_gc_duration_seconds",
    help: "Garbage collection duration by kind, one of major, minor, incremental or weakcb.",
    labelNames: ["kind"],
    buckets: GC_SECONDS,
    registers,
  });
  const collections = new PerformanceObserver((list) => {
    // Node's types leave out the detail that Node's docs give to these entries.
    for (const { detail, duration } of list.getEntries() as (PerformanceEntry & { detail?: { kind: number } })[]) {
      const kind = GC_KINDS.get(detail?.kind ?? 0);
      if (kind !== undefined) {
        gc.observe({ kind }, duration / 1e3);
      }
    }
  });
  return {
    name: "process metrics",
    async start() {
      delays.enable();
      collections.observe({ entryTypes: ["gc"] });
    },
    async stop() {
      delays.disable();
      collections.disconnect();
    },
  };
}
