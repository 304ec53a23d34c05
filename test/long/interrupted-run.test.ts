import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { makeDataDir } from "../../src/testing/test-database";
import { isRunning } from "../support/is-running";

const ROOT = join(__dirname, "../..");
const READY = "everything runs";

/** A test file with all that tests start. */
const fileThat = (does: string): string => `
  import { startTestServer } from ${JSON.stringify(join(ROOT, "src/testing"))};
  import { freePort } from ${JSON.stringify(join(ROOT, "src/testing/free-port"))};
  import { ServiceProcess } from ${JSON.stringify(join(ROOT, "test/support/service-process"))};

  it("starts a server, its Redis and a service in a process of its own", async () => {
    const server = await startTestServer({ nodes: 2 });
    const service = new ServiceProcess(await freePort(), {
      DATABASE_URL: server.database,
      ROOMFUL_ALLOW_UNSAFE_DURABILITY: "true",
      ROOMFUL_JWT_SECRET: "a secret that is long enough for a service",
    });
    await service.start();
    require("node:fs").writeSync(2, "service " + service.pid + ", ${READY}\\n");
    ${does}
  });`;

let folder: string;
let run: ChildProcess;
let output: string;

beforeEach(async () => {
  // Whatever is started has this folder in its arguments.
  folder = await makeDataDir();
  output = "";
});

afterEach(async () => {
  run.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

it.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)(
  "leaves no process and no file when %s ends jest in a test",
  async (signal) => {
    await startJest(fileThat("await new Promise(() => {});"));
    while (!output.includes(READY)) {
      expect(run.exitCode).toBeNull();
      await delay(20);
    }

    run.kill(signal);

    await nothingIsLeft();
  },
);

it.each([
  ["fails", "throw new Error('as it was meant to');", []],
  ["fails in jest's own process", "throw new Error('as it was meant to');", ["--runInBand"]],
  ["takes for ever", "jest.setTimeout(1); await new Promise(() => {});", ["--testTimeout=5000"]],
])(
  "ends by itself, and leaves no process and no file, when a test that has started a server %s",
  async (_how, does, options) => {
    await startJest(fileThat(does), options);

    const [status] = await once(run, "close");

    expect(output).toContain(READY);
    expect(status).toBe(1);
    await nothingIsLeft();
  },
);

async function startJest(file: string, options: readonly string[] = []): Promise<void> {
  const tests = join(folder, "tests");
  const config = join(tests, "jest.config.js");
  await mkdir(tests);
  await writeFile(join(tests, "one.test.ts"), file);
  await writeFile(
    config,
    `const { projects, ...config } = require(${JSON.stringify(join(ROOT, "test/jest.config.js"))});
     const project = projects.find(({ displayName }) => displayName === "e2e");
     const only = { roots: [${JSON.stringify(tests)}], testMatch: [${JSON.stringify(join(tests, "*.test.ts"))}] };
     const cacheDirectory = ${JSON.stringify(join(tmpdir(), "jest-interrupted"))};
     module.exports = { ...config, projects: [{ ...project, ...only, cacheDirectory }] };`,
  );
  const started = spawn(process.execPath, [join(ROOT, "node_modules/.bin/jest"), "--config", config, ...options], {
    cwd: ROOT,
    env: { ...process.env, TEST_DATABASE_URL: undefined, TMPDIR: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  run = started;
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
}

/** A test that waits for it in vain ends by jest's limit. */
async function nothingIsLeft(): Promise<void> {
  const service = Number(/service (\d+)/.exec(output)?.[1]);
  for (let left = "something"; left !== ""; ) {
    const { stdout } = spawnSync("ps", ["-axo", "pid,stat,args"], { encoding: "utf8" });
    const processes = stdout.split("\n").filter((line) => line.includes(folder) && !/^\s*\d+ Z/.test(line));
    const files = (await readdir(folder)).filter((name) => name !== "tests");
    left = [...processes, ...files, ...(isRunning(service) ? ["the service"] : [])].join("\n");
    await delay(50);
  }
}
