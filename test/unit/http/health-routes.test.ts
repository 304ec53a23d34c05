import fastify from "fastify";
import { Counter, Registry } from "prom-client";

import { addHealthRoutes } from "../../../src/http/health-routes";

function setup({ notReady = [] as string[], degraded = [] as string[] } = {}) {
  const registry = new Registry();
  const counter = new Counter({ name: "roomful_things_total", help: "Things.", registers: [registry] });
  const app = fastify();
  addHealthRoutes(app, { notReadyReasons: () => notReady, degradedReasons: () => degraded, registry });
  return { app, counter, notReady };
}

it.each([
  ["a node that is ready", {}],
  ["a node that is not ready", { notReady: ["draining"], degraded: ["postgres is away"] }],
])("says that %s lives", async (_what, state) => {
  const response = await setup(state).app.inject("/livez");

  expect([response.statusCode, response.json()]).toEqual([200, { status: "live" }]);
});

it("says that a node without a reason against it is ready", async () => {
  const response = await setup().app.inject("/readyz");

  expect([response.statusCode, response.json()]).toEqual([200, { status: "ready", reasons: [], degraded: [] }]);
});

it("says why a node is not ready", async () => {
  const response = await setup({ notReady: ["starting", "draining"] }).app.inject("/readyz");

  expect(response.statusCode).toBe(503);
  expect(response.json()).toEqual({ status: "not ready", reasons: ["starting", "draining"], degraded: [] });
});

it("calls a degraded node ready, and says what is out of order", async () => {
  const response = await setup({ degraded: ["postgres is away"] }).app.inject("/readyz");

  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ status: "ready", reasons: [], degraded: ["postgres is away"] });
});

it("asks anew each time", async () => {
  const { app, notReady } = setup();
  expect((await app.inject("/readyz")).statusCode).toBe(200);

  notReady.push("draining");

  expect((await app.inject("/readyz")).statusCode).toBe(503);
});

it("shows the numbers of the registry, as Prometheus reads them", async () => {
  const { app, counter } = setup();
  counter.inc(3);

  const response = await app.inject("/metrics");

  expect(response.statusCode).toBe(200);
  expect(response.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(response.body.split("\n")).toContain("roomful_things_total 3");
});
