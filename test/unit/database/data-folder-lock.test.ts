import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

import { transformFile } from "@swc/core";

import { DataFolderLock } from "../../../src/database/data-folder-lock";

let folder: string;
let compiled: string;
const children: ChildProcess[] = [];
const locks: DataFolderLock[] = [];

beforeAll(async () => {
  // For another process, which has no jest to read TypeScript.
  compiled = await mkdtemp(join(tmpdir(), "roomful-lock-code-"));
  for (const name of ["data-folder-lock", "postmaster-pid"]) {
    const { code } = await transformFile(join(__dirname, `../../../src/database/${name}.ts`));
    await writeFile(join(compiled, `${name}.js`), code);
  }
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roomful-lock-"));
});
afterEach(async () => {
  for (const lock of locks.splice(0)) {
    await lock.release();
  }
  for (const child of children.splice(0)) {
    await end(child);
  }
  await rm(folder, { recursive: true });
});
afterAll(() => rm(compiled, { recursive: true }));

const lockPath = () => join(folder, "roomful.lock");

function lockOf(path = lockPath()): DataFolderLock {
  const lock = new DataFolderLock(path);
  locks.push(lock);
  return lock;
}

/** Runs a script in another process; answers when that has printed its first line. */
async function run(script: string): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn(process.execPath, ["-e", `${script}; setInterval(() => {}, 60_000);`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [chunk] = await once(child.stdout, "data");
  return { child, line: String(chunk).trim() };
}

/** Lets another process acquire the lock, by the same code. */
const acquireElsewhere = () =>
  run(`
    const { DataFolderLock } = require(${JSON.stringify(join(compiled, "data-folder-lock.js"))});
    new DataFolderLock(${JSON.stringify(lockPath())}).acquire().then(
      () => console.log("held"),
      (error) => console.log(error.message),
    )`);

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

it("keeps another process out while this one lives with it, and names this one and the variable to set", async () => {
  await lockOf().acquire();

  const { line } = await acquireElsewhere();

  expect(line).toContain(`process ${process.pid} `);
  expect(line).toContain(lockPath());
  expect(line).toContain("ROOMFUL_DATA_DIR");
});

it("is kept out by another live process, and leaves that one's lock alone", async () => {
  const { child, line } = await acquireElsewhere();
  expect(line).toBe("held");
  const held = await readFile(lockPath(), "utf8");
  const lock = lockOf();

  expect(await lock.isHeldByAnother()).toBe(true);
  await expect(lock.acquire()).rejects.toThrow(`process ${child.pid} `);
  await lock.release();

  expect(await readFile(lockPath(), "utf8")).toBe(held);
});

it("does not count the lock of a process that was killed", async () => {
  const { child } = await acquireElsewhere();
  await end(child);
  expect(existsSync(lockPath())).toBe(true);
  const lock = lockOf();

  expect(await lock.isHeldByAnother()).toBe(false);
  await lock.acquire();

  expect(JSON.parse(await readFile(lockPath(), "utf8"))).toMatchObject({ pid: process.pid });
});

it("does not count the lock of a process whose number another one has now", async () => {
  const { child } = await acquireElsewhere();
  const holder = JSON.parse(await readFile(lockPath(), "utf8"));
  expect(holder).toEqual({ pid: child.pid, startedAt: expect.stringMatching(/^\d+$/) });
  await writeFile(lockPath(), JSON.stringify({ ...holder, startedAt: "1" }));

  await lockOf().acquire();

  expect(JSON.parse(await readFile(lockPath(), "utf8"))).toMatchObject({ pid: process.pid });
});

it("does not count a lock of this process's number from an earlier life, as in a container", async () => {
  await writeFile(lockPath(), JSON.stringify({ pid: process.pid, startedAt: "1" }));
  const lock = lockOf();

  expect(await lock.isHeldByAnother()).toBe(false);
  await lock.acquire();

  expect(JSON.parse(await readFile(lockPath(), "utf8"))).not.toMatchObject({ startedAt: "1" });
});

it("does not count a lock of this process's number, also where the moments of start do not differ", async () => {
  const first = lockOf();
  await first.acquire();
  const text = await readFile(lockPath(), "utf8");
  await first.release();
  await writeFile(lockPath(), text);

  const second = lockOf();

  expect(await second.isHeldByAnother()).toBe(false);
  await second.acquire();
});

it("does not count an empty file, which a crash may leave", async () => {
  await writeFile(lockPath(), "");

  await lockOf().acquire();

  expect(JSON.parse(await readFile(lockPath(), "utf8"))).toMatchObject({ pid: process.pid });
});

it.each(['{"pid":', '{"pid":1,"startedAt":"12', "\0\0\0\0"])("does not count a torn file: %j", async (text) => {
  await writeFile(lockPath(), text);
  const lock = lockOf();

  expect(await lock.isHeldByAnother()).toBe(false);
  await lock.acquire();

  expect(JSON.parse(await readFile(lockPath(), "utf8"))).toMatchObject({ pid: process.pid });
});

it.each([
  ["no file", undefined],
  ["the file of a process that is gone", JSON.stringify({ pid: 2 ** 30, startedAt: "1" })],
])("lets one of two of this process in that ask at once, and keeps the other out: %s", async (_name, text) => {
  if (text !== undefined) {
    await writeFile(lockPath(), text);
  }
  const both = [lockOf(), lockOf()];

  const outcomes = await Promise.allSettled(both.map((lock) => lock.acquire()));

  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const refused = outcomes.find((outcome) => outcome.status === "rejected");
  expect(refused?.reason).toMatchObject({ message: expect.stringContaining("The data folder is in use by process") });
  expect(JSON.parse(await readFile(lockPath(), "utf8"))).toMatchObject({ pid: process.pid });
  // The one that was let in still counts.
  await expect(lockOf().acquire()).rejects.toThrow("The data folder is in use by process");
});

it("keeps a second one of this process out, by whatever path, until it is released", async () => {
  const first = lockOf();
  await first.acquire();
  const second = lockOf(relative(process.cwd(), lockPath()));
  await expect(second.acquire()).rejects.toThrow(`process ${process.pid} `);

  await first.release();
  expect(existsSync(lockPath())).toBe(false);

  await second.acquire();
  expect(existsSync(lockPath())).toBe(true);
});

it("keeps folders apart", async () => {
  await mkdir(join(folder, "other"));
  await lockOf().acquire();

  await lockOf(join(folder, "other", "roomful.lock")).acquire();

  expect(existsSync(join(folder, "other", "roomful.lock"))).toBe(true);
});

it("may be released twice, and before it was acquired", async () => {
  const lock = lockOf();
  await lock.release();
  await lock.acquire();
  await lock.release();
  await lock.release();

  expect(existsSync(lockPath())).toBe(false);
});
