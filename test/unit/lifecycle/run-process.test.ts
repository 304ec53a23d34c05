import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { transformFile } from "@swc/core";

let compiled: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  // For another process, which has no jest to read TypeScript.
  compiled = await mkdtemp(join(tmpdir(), "roomful-run-process-"));
  const { code } = await transformFile(join(__dirname, "../../../src/lifecycle/run-process.ts"));
  await writeFile(join(compiled, "run-process.js"), code);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
});
afterAll(() => rm(compiled, { recursive: true }));

interface Parts {
  /** Code of the service's `stop`. */
  stop?: string;
  start?: string;
  timeoutMs?: number;
  /** Code that runs when the service has started. */
  then?: string;
}

/** Runs a service in a process of its own. It prints what it does; the logger prints too, and `flushed` at its end. */
async function run({ stop = "", start = "", timeoutMs = 60_000, then = "" }: Parts = {}) {
  const script = `
    const { runProcess } = require(${JSON.stringify(join(compiled, "run-process.js"))});
    const { writeSync } = require("node:fs");
    const print = (text) => writeSync(1, text + "\\n");
    const log = (level) => (first, text) =>
      print(level + ": " + (text ?? first) + (first.err ? " (" + first.err.message + ")" : "") +
        (first.running ? " (" + first.running + ")" : ""));
    const service = {
      running: ["sockets", "database"],
      async start() { ${start} },
      async stop() { print("stop was called"); ${stop} },
    };
    const logger = { info: log("info"), error: log("error"), fatal: log("fatal"), flush: () => print("flushed") };
    setInterval(() => {}, 60_000);
    runProcess({ service, timeoutMs: ${timeoutMs}, logger }).then(
      () => { print("started"); ${then} },
      (error) => { print("start threw " + error.message); process.exit(7); },
    );`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const lines: string[] = [];
  let rest = "";
  let onLine = (): void => {};
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    onLine();
  });
  const closed = once(child, "close");
  const printed = async (line: string): Promise<void> => {
    while (!lines.includes(line)) {
      await Promise.race([
        new Promise<void>((resolve) => {
          onLine = resolve;
        }),
        closed.then(() => Promise.reject(new Error(`ended without printing "${line}": ${lines.join(" | ")}`))),
      ]);
    }
  };
  const ended = async () => {
    await closed;
    return { code: child.exitCode, signal: child.signalCode, lines };
  };
  return { child, printed, ended };
}

const HANG = "await new Promise(() => {});";

it.each(["SIGTERM", "SIGINT"] as const)("stops in order on %s, and ends with status 0", async (signal) => {
  const { child, printed, ended } = await run({
    stop: `await new Promise((resolve) => setImmediate(resolve)); print("stop is through");`,
  });
  await printed("started");

  child.kill(signal);

  expect(await ended()).toEqual({
    ...{ code: 0, signal: null },
    lines: ["started", "info: stopping", "stop was called", "stop is through", "info: stopped", "flushed"],
  });
});

it.each([
  ["SIGTERM", "SIGTERM"],
  ["SIGTERM", "SIGINT"],
] as const)("ends at once with status 1 on a second signal (%s, %s)", async (first, second) => {
  const { child, printed, ended } = await run({ stop: HANG });
  await printed("started");
  child.kill(first);
  await printed("stop was called");

  child.kill(second);

  expect(await ended()).toEqual({
    ...{ code: 1, signal: null },
    lines: ["started", "info: stopping", "stop was called", "flushed"],
  });
});

it("ends with status 1 when stopping takes too long, and names what is still running", async () => {
  const { child, printed, ended } = await run({ stop: HANG, timeoutMs: 20 });
  await printed("started");

  child.kill("SIGTERM");

  const { code, lines } = await ended();
  expect(code).toBe(1);
  expect(lines.slice(-2)).toEqual(["error: stopping took too long (sockets,database)", "flushed"]);
});

it("ends with status 1 when stopping fails", async () => {
  const { child, printed, ended } = await run({ stop: `throw new Error("not flushed");` });
  await printed("started");

  child.kill("SIGTERM");

  const { code, lines } = await ended();
  expect(code).toBe(1);
  expect(lines.slice(-2)).toEqual(["error: stopping was not clean (not flushed)", "flushed"]);
});

it.each([
  ["uncaughtException", `setImmediate(() => { throw new Error("a bug"); });`],
  ["unhandledRejection", `Promise.reject(new Error("a bug"));`],
])("stops in order after an %s, and ends with status 1", async (event, then) => {
  const { ended } = await run({ then });

  expect(await ended()).toEqual({
    ...{ code: 1, signal: null },
    lines: ["started", `fatal: ${event} (a bug)`, "stop was called", "info: stopped", "flushed"],
  });
});

it("goes on stopping when an error is not caught meanwhile", async () => {
  const { child, printed, ended } = await run({
    stop: `
      Promise.reject(new Error("a bug"));
      await new Promise((resolve) => setImmediate(resolve));
      print("stop is through");`,
  });
  await printed("started");

  child.kill("SIGTERM");

  expect(await ended()).toEqual({
    ...{ code: 0, signal: null },
    lines: [
      ...["started", "info: stopping", "stop was called", "fatal: unhandledRejection (a bug)"],
      ...["stop is through", "info: stopped", "flushed"],
    ],
  });
});

it("stops on a signal that comes while the service starts", async () => {
  const { child, printed, ended } = await run({ start: `print("starting"); ${HANG}` });
  await printed("starting");

  child.kill("SIGTERM");

  expect(await ended()).toMatchObject({ code: 0, lines: expect.arrayContaining(["stop was called", "info: stopped"]) });
});

it("throws what the start throws", async () => {
  const { ended } = await run({ start: `throw new Error("the port is taken");` });

  expect(await ended()).toMatchObject({ code: 7, lines: ["start threw the port is taken"] });
});
