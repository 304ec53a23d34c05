import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { transformFile } from "@swc/core";

import { OrphanGuard } from "../../../src/lifecycle/orphan-guard";
import { isRunning } from "../../support/is-running";

const SLEEP = "setInterval(() => {}, 60_000)";

/** A process with a child that does not end by itself, and its guard. It prints the child's number. */
const PARENT = `
  const [guard, folder] = process.argv.slice(1);
  const { OrphanGuard } = require(guard);
  const child = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(SLEEP)}]);
  new OrphanGuard({ pid: child.pid, folder });
  console.log(child.pid);
  ${SLEEP};`;

/** For another process, which has no jest to read TypeScript. */
let compiled: string;
let folder: string;
let parent: ChildProcess;

beforeAll(async () => {
  compiled = await mkdtemp(join(tmpdir(), "roomful-guard-"));
  const { code } = await transformFile(join(__dirname, "../../../src/lifecycle/orphan-guard.ts"));
  await writeFile(join(compiled, "orphan-guard.js"), code);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomful-guard-"));
});

afterEach(async () => {
  parent.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

afterAll(() => rm(compiled, { recursive: true }));

it.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
  "ends the child and removes its folder when its parent ends by %s",
  async (signal) => {
    const pid = await startParent();

    parent.kill(signal);

    await untilGone(pid);
    while (existsSync(folder)) {
      await delay(5);
    }
  },
);

it("ends a child that was stopped in its tracks", async () => {
  const pid = await startParent();
  process.kill(pid, "SIGSTOP");

  parent.kill("SIGKILL");

  await untilGone(pid);
});

it("lets go of a child, and leaves nothing of its own", async () => {
  parent = spawn(process.execPath, ["-e", SLEEP]);
  const guard = new OrphanGuard({ pid: parent.pid ?? 0, folder });

  await guard.release();
  await guard.release();

  expect(parent.exitCode ?? parent.signalCode).toBeNull();
  expect(existsSync(folder)).toBe(true);
});

/** Answers the number of its child. */
async function startParent(): Promise<number> {
  const guard = join(compiled, "orphan-guard.js");
  const started = spawn(process.execPath, ["-e", PARENT, guard, folder], { stdio: ["ignore", "pipe", "inherit"] });
  parent = started;
  const [printed] = await once(started.stdout, "data");
  return Number(printed);
}

/** A test that waits for it in vain ends by jest's limit. */
async function untilGone(pid: number): Promise<void> {
  while (isRunning(pid)) {
    await delay(5);
  }
}
