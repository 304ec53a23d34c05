import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { collectDefaultMetrics, Registry } from "prom-client";

import { addProcessMetrics } from "../../../src/observability/process-metrics";

/** Read by what may abort the process. */
const LEFT_OUT = /^nodejs_active_(handles|requests)(_total)?$/;

it("shows what prom-client's default metrics show, under their names", async () => {
  const [ours, theirs] = [new Registry(), new Registry()];

  addProcessMetrics(ours);
  collectDefaultMetrics({ register: theirs });

  const expected = (await described(theirs)).filter(({ name }) => !LEFT_OUT.test(name));
  expect(await described(ours)).toEqual(expected);
});

it("counts collections and delays of the event loop while it runs", async () => {
  const registry = new Registry();
  const metrics = addProcessMetrics(registry);
  await metrics.start();

  // The entries reach the observer in a turn of their own.
  while (!(await registry.metrics()).includes('nodejs_gc_duration_seconds_count{kind="major"}')) {
    collectGarbage();
    await turn();
  }
  await metrics.stop();

  expect(await registry.metrics()).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
});

it("leaves nothing behind that holds what was there when it started", async () => {
  const stopped = await startAndStop();
  await turn();
  collectGarbage();

  expect(stopped.deref()).toBeUndefined();
});

/** What Node keeps for everything that begins here, as jest's own state of a test is. */
async function startAndStop(): Promise<WeakRef<object>> {
  const surroundings = { of: "a test" };
  await new AsyncLocalStorage<object>().run(surroundings, async () => {
    const metrics = addProcessMetrics(new Registry());
    await metrics.start();
    await metrics.stop();
  });
  return new WeakRef(surroundings);
}

async function described(registry: Registry) {
  const all = await registry.getMetricsAsJSON();
  return all.map(({ name, type, help }) => ({ name, type, help })).toSorted((a, b) => a.name.localeCompare(b.name));
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
