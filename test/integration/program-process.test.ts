import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { ProgramProcess } from "../support/program-process";

const listenOn = (port: number) => `require("node:net").createServer().listen(${port}, "127.0.0.1");`;

it("starts a program in a folder of its own, and leaves nothing of it", async () => {
  const program = await ProgramProcess.start(process.execPath, ({ port }) => ({
    args: ["program.cjs"],
    files: { "program.cjs": `console.log("here"); ${listenOn(port)}` },
  }));
  expect(existsSync(join(program.folder, "program.cjs"))).toBe(true);
  await eventually(() => program.printed === "here\n");

  await program.stop();
  await program.stop();

  expect(existsSync(program.folder)).toBe(false);
});

it("says what a program printed that ended while it started", async () => {
  const start = ProgramProcess.start(process.execPath, () => ({ args: ["-e", "throw new Error('no such option')"] }));

  await expect(start).rejects.toThrow("no such option");
});

it("says which program cannot be run", async () => {
  await expect(ProgramProcess.start("/nowhere/nginx", () => ({ args: [] }))).rejects.toThrow("/nowhere/nginx");
});

it("ends a program, its workers and its folder with a test process that is killed", async () => {
  const starter = spawn(process.execPath, [require.resolve("../support/abandoned-program.cjs")]);
  const [line] = await once(starter.stdout, "data");
  const { folder, pid } = JSON.parse(String(line)) as { folder: string; pid: number };
  const worker = Number(readFileSync(join(folder, "worker.pid"), "utf8"));

  starter.kill("SIGKILL");

  await eventually(() => !isRunning(pid) && !isRunning(worker) && !existsSync(folder));
});

/** Gives up before jest does, so that a test that fails leaves no loop behind. */
async function eventually(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) {
      throw new Error(`never: ${holds}`);
    }
    await delay(20);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: gone.
    return false;
  }
}
