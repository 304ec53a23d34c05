import type { Service } from "../../../src/lifecycle/service";
import { ServiceStack } from "../../../src/lifecycle/service-stack";

interface Faults {
  /** Name of a service, and the error it throws. */
  start?: Record<string, Error>;
  stop?: Record<string, Error>;
}

function setup(names: string[], { start = {}, stop = {} }: Faults = {}) {
  const steps: string[] = [];
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const services = names.map(
    (name): Service => ({
      name,
      async start() {
        steps.push(`start ${name}`);
        await turn();
        if (start[name]) {
          throw start[name];
        }
        steps.push(`${name} is started`);
      },
      async stop() {
        steps.push(`stop ${name}`);
        await turn();
        if (stop[name]) {
          throw stop[name];
        }
        steps.push(`${name} is stopped`);
      },
    }),
  );
  const stack = new ServiceStack(services);
  return { stack, steps };
}

it("starts each service after the one before it has started", async () => {
  const { stack, steps } = setup(["database", "buffer", "sockets"]);
  expect(stack.running).toEqual([]);

  await stack.start();

  expect(steps).toEqual([
    ...["start database", "database is started"],
    ...["start buffer", "buffer is started"],
    ...["start sockets", "sockets is started"],
  ]);
  expect(stack.running).toEqual(["sockets", "buffer", "database"]);
});

it("stops each service after the one that was started behind it has stopped", async () => {
  const { stack, steps } = setup(["database", "buffer", "sockets"]);
  await stack.start();
  steps.length = 0;

  await stack.stop();

  expect(steps).toEqual([
    ...["stop sockets", "sockets is stopped"],
    ...["stop buffer", "buffer is stopped"],
    ...["stop database", "database is stopped"],
  ]);
  expect(stack.running).toEqual([]);
});

it("stops once for two calls, the second of which waits for the same end", async () => {
  const { stack, steps } = setup(["database", "sockets"]);
  await stack.start();

  const first = stack.stop();
  const second = stack.stop();
  await second;

  expect(stack.running).toEqual([]);
  await first;
  await stack.stop();
  expect(steps.filter((step) => step.startsWith("stop "))).toEqual(["stop sockets", "stop database"]);
});

it("names what is still running while it stops, the one that is stopping first", async () => {
  const { stack, steps } = setup(["database", "buffer", "sockets"]);
  await stack.start();

  const stopping = stack.stop();
  while (!steps.includes("stop buffer")) {
    await new Promise((resolve) => setImmediate(resolve));
  }

  expect(stack.running).toEqual(["buffer", "database"]);
  await stopping;
});

it("stops the others though one does not stop, and throws its error at the end", async () => {
  const failures = { sockets: new Error("a socket hangs"), buffer: new Error("not flushed") };
  const { stack, steps } = setup(["database", "buffer", "sockets"], { stop: failures });
  await stack.start();

  const error = await stack.stop().catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(AggregateError);
  expect((error as AggregateError).errors).toMatchObject([
    { message: "sockets did not stop", cause: failures.sockets },
    { message: "buffer did not stop", cause: failures.buffer },
  ]);
  expect(steps.at(-1)).toBe("database is stopped");
  expect(stack.running).toEqual([]);
});

it("stops what was started when one fails to start, that one included, and throws its error", async () => {
  const failure = new Error("the port is taken");
  const { stack, steps } = setup(["database", "buffer", "sockets"], { start: { buffer: failure } });

  await expect(stack.start()).rejects.toBe(failure);

  expect(steps).toEqual([
    ...["start database", "database is started", "start buffer"],
    ...["stop buffer", "buffer is stopped"],
    ...["stop database", "database is stopped"],
  ]);
  expect(stack.running).toEqual([]);
});

it("throws the error of the start when stopping fails too", async () => {
  const failure = new Error("the port is taken");
  const { stack, steps } = setup(["database", "sockets"], {
    start: { sockets: failure },
    stop: { sockets: new Error("was never open") },
  });

  await expect(stack.start()).rejects.toBe(failure);

  expect(steps.at(-1)).toBe("database is stopped");
});

it("waits for what is just starting when it is stopped, stops that too, and starts nothing more", async () => {
  const { stack, steps } = setup(["database", "buffer", "sockets"]);
  const starting = stack.start();
  while (!steps.includes("start buffer")) {
    await new Promise((resolve) => setImmediate(resolve));
  }

  await stack.stop();
  await starting;

  expect(steps).toEqual([
    ...["start database", "database is started", "start buffer", "buffer is started"],
    ...["stop buffer", "buffer is stopped"],
    ...["stop database", "database is stopped"],
  ]);
  expect(stack.running).toEqual([]);
});

it("stops each service once when the last one fails to start while it is stopped", async () => {
  const failure = new Error("the port is taken");
  const { stack, steps } = setup(["database", "sockets", "never"], { start: { sockets: failure } });
  const starting = stack.start().catch((error: unknown) => error);
  while (!steps.includes("start sockets")) {
    await new Promise((resolve) => setImmediate(resolve));
  }

  await stack.stop();

  expect(await starting).toBe(failure);
  expect(steps).toEqual([
    ...["start database", "database is started", "start sockets"],
    ...["stop sockets", "sockets is stopped"],
    ...["stop database", "database is stopped"],
  ]);
  expect(stack.running).toEqual([]);
});

it("starts nothing after it was stopped", async () => {
  const { stack, steps } = setup(["database", "sockets"]);
  await stack.stop();

  await stack.start();

  expect(steps).toEqual([]);
  expect(stack.running).toEqual([]);
});

it("has nothing to stop before its start", async () => {
  const { stack, steps } = setup(["database"]);

  await stack.stop();

  expect(steps).toEqual([]);
});
