import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** In Debian, redis-server is redis-check-rdb under another name; the rest are the libraries that few machines have. */
const PACKAGES = ["redis-tools", "libjemalloc2", "liblzf1", "libatomic1"];
const PROGRAM = "usr/bin/redis-check-rdb";
const LIBRARY = /^lib.*\.so\.\d+$/;
/** A mirror that does not answer: better an error than a test run that stands still. */
const STEP_TIMEOUT_MS = 60_000;

/** Sets the libraries for the program alone, and becomes it, so that a signal to the process is one to Redis. */
const WRAPPER = `#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="$here\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$here/program/redis-server" "$@"
`;

/**
 * Path of a redis-server that can be run: of REDIS_SERVER_BIN, in PATH, fetched by an earlier call, or fetched now
 * from Debian's packages, which are unpacked and not installed. May be called by several processes at once.
 */
export async function findRedisServer(): Promise<string> {
  const named = process.env["REDIS_SERVER_BIN"];
  if (named) {
    if (await canRun(named)) {
      return named;
    }
    throw new Error(`REDIS_SERVER_BIN names ${named}, which is no program that can be run.`);
  }
  const cache = cacheFolder();
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const path of [...folders, cache].map((folder) => join(folder, "redis-server"))) {
    if (await canRun(path)) {
      return path;
    }
  }
  try {
    await fetchInto(cache);
  } catch (cause) {
    throw new Error(
      "There is no redis-server in PATH, and Debian's packages cannot be had " +
        `(${reasonOf(cause)}). Install Redis, or set REDIS_SERVER_BIN to the path of a redis-server.`,
      { cause },
    );
  }
  return join(cache, "redis-server");
}

/** Of the project that this file is in, or whose dependency it is. */
function cacheFolder(): string {
  const [project = "", ...isDependency] = __dirname.split("/node_modules/");
  const above = resolve(__dirname, "../..");
  const own = basename(above) === "dist" ? dirname(above) : above;
  return join(isDependency.length > 0 ? project : own, "node_modules/.cache/roomful-redis");
}

/** Makes the folder beside its place and moves it there when it is whole. */
async function fetchInto(cache: string): Promise<void> {
  await mkdir(dirname(cache), { recursive: true });
  const draft = await mkdtemp(`${cache}.`);
  const packages = await mkdtemp(join(tmpdir(), "roomful-redis-packages-"));
  try {
    await unpack(await download(packages), join(packages, "root"), draft);
    // Other libraries than ours may be missing; that is found out here, and not at every start.
    await run(join(draft, "redis-server"), ["--version"]);
    await rename(draft, cache).catch(async (error: unknown) => {
      // Another process was first, and its folder is as good.
      if (!(await canRun(join(cache, "redis-server")))) {
        throw error;
      }
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
    await rm(packages, { recursive: true, force: true });
  }
}

/** Into a folder below `folder`: with the machine's own lists of packages, or else with fresh ones that are thrown away. */
async function download(folder: string): Promise<string> {
  const common = ["-q", ...["APT::Sandbox::User=root", "Acquire::Retries=1"].flatMap((each) => ["-o", each])];
  const first = join(folder, "first");
  await mkdir(first);
  try {
    await runApt(first, [...common, "download", ...PACKAGES]);
    return first;
  } catch {
    // No lists, or lists so old that what they name is no longer there.
  }
  const second = join(folder, "second");
  const state = join(folder, "apt");
  for (const each of [second, join(state, "lists/partial"), join(state, "archives/partial")]) {
    await mkdir(each, { recursive: true });
  }
  const own = [
    `Dir::State::Lists=${join(state, "lists")}`,
    `Dir::Cache::Archives=${join(state, "archives")}`,
    "Dir::Cache::pkgcache=",
    "Dir::Cache::srcpkgcache=",
  ].flatMap((each) => ["-o", each]);
  await runApt(second, [...common, ...own, "update"]);
  await runApt(second, [...common, ...own, "download", ...PACKAGES]);
  return second;
}

async function runApt(cwd: string, args: readonly string[]): Promise<void> {
  await run("apt-get", args, { cwd, timeout: STEP_TIMEOUT_MS });
}

async function unpack(packages: string, root: string, target: string): Promise<void> {
  for (const name of await readdir(packages)) {
    if (name.endsWith(".deb")) {
      await run("dpkg-deb", ["-x", join(packages, name), root]);
    }
  }
  await mkdir(join(target, "program"));
  await copyFile(join(root, PROGRAM), join(target, "program/redis-server"));
  for (const path of await readdir(root, { recursive: true })) {
    if (LIBRARY.test(basename(path))) {
      await copyFile(join(root, path), join(target, basename(path)));
    }
  }
  await writeFile(join(target, "redis-server"), WRAPPER);
  // A temporary folder is its maker's alone; another user may run the tests next.
  for (const path of [".", "program", "program/redis-server", "redis-server"]) {
    await chmod(join(target, path), 0o755);
  }
}

async function canRun(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** What a program said last, or why it could not be run. */
function reasonOf(cause: unknown): string {
  const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
  return said.split("\n").at(-1) || String(cause);
}
