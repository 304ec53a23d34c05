import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConfig, createRoomful } from "../../src";
import { EmbeddedPostgres } from "../../src/database/embedded-postgres";
import { isPostgresAlive } from "../../src/database/postmaster-pid";
import { makeDataDir, queryRows } from "../../src/testing/test-database";

let dataDir: string;
let postgres: EmbeddedPostgres;
beforeEach(async () => {
  dataDir = await makeDataDir();
  postgres = new EmbeddedPostgres({ dataDir });
});
afterEach(async () => {
  await postgres.stop();
  await rm(dataDir, { recursive: true, force: true });
});

it("keeps its data from one start to the next, and its settings are safe", async () => {
  await postgres.start();
  await queryRows(postgres.url, "CREATE TABLE kept AS SELECT 1 AS one");
  const settings =
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')";
  expect((await queryRows<{ setting: string }>(postgres.url, settings)).map(({ setting }) => setting)).toEqual([
    "on",
    "on",
    "on",
  ]);
  const { pid } = postgres;
  await postgres.stop();
  expect(await isPostgresAlive(pid)).toBe(false);

  await postgres.start();

  expect(await queryRows(postgres.url, "SELECT one FROM kept")).toEqual([{ one: 1 }]);
});

it("begins anew where an earlier run was killed while it made the database", async () => {
  await mkdir(join(dataDir, "postgres.new", "base"), { recursive: true });
  await writeFile(join(dataDir, "postgres.new", "PG_VERSION"), "18\n");

  await postgres.start();

  expect(await queryRows(postgres.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  expect(await readdir(dataDir)).not.toContain("postgres.new");
});

it("comes back at the same address when something kills it", async () => {
  await postgres.start();
  const { url, pid } = postgres;
  await queryRows(url, "CREATE TABLE kept AS SELECT 1 AS one");
  process.kill(pid, "SIGKILL");

  for (let rows: object[] = []; rows.length === 0 || postgres.pid === pid; ) {
    rows = await queryRows(url, "SELECT one FROM kept").catch(() => []);
  }

  expect(postgres.url).toBe(url);
});

it("refuses a data folder that a live service uses, by name", async () => {
  await postgres.start();

  await expect(new EmbeddedPostgres({ dataDir }).start()).rejects.toThrow(`in use by process ${process.pid}`);
});

describe("a folder that somebody else could have made", () => {
  const isRoot = process.getuid?.() === 0;
  /** Ground like /tmp, and on it a folder of somebody who wants to get at ours. */
  let shared: string;
  let theirs: string;
  beforeEach(async () => {
    shared = await mkdtemp(join(tmpdir(), "roomful-shared-"));
    theirs = join(shared, "theirs");
    await mkdir(theirs);
    await chmod(shared, 0o1777);
  });
  afterEach(() => rm(shared, { recursive: true }));

  it("is neither filled nor given to Postgres' user where the database's folder is a link to it", async () => {
    const { uid, mode } = await stat(theirs);
    await symlink(theirs, join(dataDir, "postgres"));

    await expect(postgres.start()).rejects.toThrow("a link");

    expect(await readdir(theirs)).toEqual([]);
    expect(await stat(theirs)).toMatchObject({ uid, mode });
  });

  it("is no data folder", async () => {
    await symlink(theirs, join(shared, "data"));

    await expect(new EmbeddedPostgres({ dataDir: join(shared, "data") }).start()).rejects.toThrow("is a link");
    expect(await readdir(theirs)).toEqual([]);
  });

  it("does not take what is private to root and Postgres' user has to reach", async () => {
    await chmod(dataDir, 0o700);
    await symlink(theirs, join(shared, "state"));
    postgres = new EmbeddedPostgres({ dataDir, stateDir: join(shared, "state") });

    const failure = await postgres.start().then(
      () => "none",
      (error: Error) => error.message,
    );

    // Whoever is not root runs Postgres itself, and needs no other folder.
    expect(failure).toMatch(isRoot ? /is a link/ : /^none$/);
    expect(await readdir(theirs)).toEqual([]);
  });

  it("is not where the data of a private folder goes, which are found again at the next start", async () => {
    await chmod(dataDir, 0o700);
    await chmod(shared, 0o755);
    const options = { dataDir, stateDir: join(shared, "state") };
    postgres = new EmbeddedPostgres(options);
    await postgres.start();
    await queryRows(postgres.url, "CREATE TABLE kept AS SELECT 1 AS one");
    await postgres.stop();

    postgres = new EmbeddedPostgres(options);
    await postgres.start();

    expect(await queryRows(postgres.url, "SELECT one FROM kept")).toEqual([{ one: 1 }]);
    expect((await readdir(isRoot ? options.stateDir : dataDir)).length).toBeGreaterThan(0);
    expect((await stat(join(dataDir, "postgres.log"))).mode & 0o077).toBe(0);
    await postgres.stop();
  });
});

it("is refused by the service where it may lose what it acknowledged", async () => {
  const throwaway = new EmbeddedPostgres({ dataDir, isThrowaway: true });
  await throwaway.start();
  try {
    const config = createConfig({
      mode: "test",
      http: { port: 0 },
      database: { url: throwaway.url },
      jwt: { secret: ["x".repeat(32)] },
      log: { level: "silent" },
    });
    await expect(createRoomful(config).start()).rejects.toThrow(/fsync is off.*ROOMFUL_ALLOW_UNSAFE_DURABILITY/);
  } finally {
    await throwaway.stop();
  }
});
