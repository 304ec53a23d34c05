import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { transformFile } from "@swc/core";

import type { RoomfulConfig } from "../../../src/config/config";

const PINO = JSON.stringify(require.resolve("pino"));

let compiled: string;

beforeAll(async () => {
  // For another process, whose standard output can be read; pino is not to be found from its folder.
  compiled = await mkdtemp(join(tmpdir(), "roomful-logger-"));
  const { code } = await transformFile(join(__dirname, "../../../src/observability/logger.ts"));
  await writeFile(join(compiled, "logger.js"), code.replace('require("pino")', `require(${PINO})`));
});
afterAll(() => rm(compiled, { recursive: true }));

/** What a process prints that logs one line of each level. */
async function linesAt(level: RoomfulConfig["log"]["level"]): Promise<Record<string, unknown>[]> {
  const script = `
    const { createLogger } = require(${JSON.stringify(join(compiled, "logger.js"))});
    const logger = createLogger({ level: "${level}" });
    logger.debug({ event: "join" }, "one packet");
    logger.info("serving");
    logger.warn({ retryAfterMs: 5 }, "refused");
    logger.error({ err: new Error("broken", { cause: new Error("the disk is full") }) }, "a handler failed");`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", script]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

it.each([
  ["debug", ["debug", "info", "warn", "error"]],
  ["info", ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
  ["silent", []],
] as const)("writes at level %s what is as severe", async (level, levels) => {
  expect((await linesAt(level)).map((line) => line["level"])).toEqual(levels);
});

it("writes a JSON line with level, time and text, and nothing of the machine", async () => {
  const [line] = await linesAt("info");

  expect(line).toStrictEqual({ level: "info", time: expect.any(String), msg: "serving" });
  const time = String(line?.["time"]);
  expect(new Date(time).toISOString()).toBe(time);
});

it("writes what belongs to the line as members", async () => {
  const [line] = await linesAt("warn");

  expect(line).toMatchObject({ msg: "refused", retryAfterMs: 5 });
});

it("writes an error with its stack and its cause", async () => {
  const [line] = await linesAt("error");

  expect(line).toMatchObject({ msg: "a handler failed", err: { stack: expect.stringContaining("the disk is full") } });
});
