import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { chown, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

import { Client } from "pg";

import { makeOwnFolder } from "../config/own-folder";
import { OrphanGuard } from "../lifecycle/orphan-guard";
import type { Service } from "../lifecycle/service";
import { DataFolderLock } from "./data-folder-lock";
import { findPostgres, findRunAs, idsOf, type RunAs } from "./postgres-binaries";
import { givePostgresFolder, makeFolderOf, ROOTS_STATE_DIR } from "./postgres-folder";
import { isPostgresAlive, readPostmaster } from "./postmaster-pid";

export interface EmbeddedPostgresOptions {
  /** Folder for the cluster, its password and its log; made when absent. */
  dataDir: string;
  /** For tests: nothing survives a crash of the machine or of this process, its folder neither, and everything is faster. */
  isThrowaway?: boolean;
  maxConnections?: number;
  /** @default /var/lib/roomful: see `postgres-folder.ts` */
  stateDir?: string;
  onProgress?: (text: string) => void;
}

const DATABASE = "roomful";
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
const WATCH_INTERVAL_MS = 500;
/** The processes of a postmaster that was killed need a moment to see it. Until then a new one refuses to start. */
const START_ATTEMPTS = 20;
const START_RETRY_MS = 500;

/**
 * A real Postgres from its npm package, for development and tests. It belongs to the service: started with
 * it, adopted when a killed run left it, stopped with it. It outlives signals to the terminal's process
 * group, so that the service can drain into it.
 */
export class EmbeddedPostgres implements Service {
  readonly name = "embedded Postgres";
  private readonly dataDir: string;
  private readonly lock: DataFolderLock;
  private readonly runAs: RunAs | undefined = findRunAs();
  private readonly stateDir: string;
  private readonly onProgress: (text: string) => void;
  private clusterDir = "";
  private password = "";
  private running: { pid: number; port: number } | undefined;
  private guard: OrphanGuard | undefined;
  private watch: NodeJS.Timeout | undefined;
  private restarting: Promise<void> | undefined;

  constructor(private readonly options: EmbeddedPostgresOptions) {
    this.dataDir = resolve(options.dataDir);
    this.lock = new DataFolderLock(join(this.dataDir, "roomful.lock"));
    this.stateDir = options.stateDir ?? ROOTS_STATE_DIR;
    this.onProgress = options.onProgress ?? (() => {});
  }

  /** Known after `start`. */
  get url(): string {
    return this.urlOf(DATABASE);
  }

  get pid(): number {
    if (!this.running) {
      throw new Error("the embedded Postgres is not running");
    }
    return this.running.pid;
  }

  /** Its address, where another process runs it already. */
  async findServed(): Promise<string | undefined> {
    if (!(await this.lock.isHeldByAnother())) {
      return undefined;
    }
    await makeOwnFolder(this.dataDir);
    this.clusterDir = await this.prepareClusterDir();
    const postmaster = await readPostmaster(this.clusterDir);
    if (!postmaster?.isReady) {
      return undefined;
    }
    this.password = await this.readPassword();
    return this.urlOf(DATABASE, postmaster.port);
  }

  async start(): Promise<void> {
    await makeOwnFolder(this.dataDir);
    await this.lock.acquire();
    try {
      this.clusterDir = await this.prepareClusterDir();
      this.password = await this.readPassword();
      this.running = (await this.adopt()) ?? (await this.startServer());
      await this.createDatabase();
      this.watch = setInterval(() => void this.restartIfGone(), WATCH_INTERVAL_MS).unref();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.watch);
    await this.restarting;
    const { running } = this;
    this.running = undefined;
    if (running) {
      // SIGINT: fast shutdown, without waiting for clients.
      await this.end(running.pid, "SIGINT");
    }
    await this.guard?.release();
    await this.lock.release();
  }

  private urlOf(database: string, port = this.running?.port): string {
    if (port === undefined) {
      throw new Error("the embedded Postgres is not running");
    }
    return `postgres://${DATABASE}:${this.password}@127.0.0.1:${port}/${database}`;
  }

  /** A folder that Postgres' user can reach: below the data folder, or, where that is private to root, in root's state. */
  private async prepareClusterDir(): Promise<string> {
    const wanted = join(this.dataDir, "postgres");
    if (await this.makeFolder(wanted)) {
      return wanted;
    }
    const elsewhere = join(await makeFolderOf(this.dataDir, this.stateDir), "postgres");
    if (await this.makeFolder(elsewhere)) {
      this.onProgress(`Data of Postgres is kept in ${elsewhere}: user ${this.runAs?.name} cannot reach ${wanted}.`);
      return elsewhere;
    }
    throw new Error(`Postgres cannot use ${wanted} nor ${elsewhere} as its data folder. Set ROOMFUL_DATA_DIR.`);
  }

  private async makeFolder(path: string): Promise<boolean> {
    await givePostgresFolder(path, this.runAs);
    return !this.runAs || spawnSync("/bin/sh", ["-c", 'test -w "$0"', path], idsOf(this.runAs)).status === 0;
  }

  /** Made once, and readable by the service's user only: others on the machine share the loopback. */
  private async readPassword(): Promise<string> {
    const path = join(this.dataDir, "postgres-password");
    const known = await readFile(path, "utf8").catch(() => "");
    if (known) {
      return known;
    }
    const password = randomBytes(24).toString("base64url");
    await writeFile(path, password, { mode: 0o600 });
    return password;
  }

  /** A server that a killed run left on this data. */
  private async adopt(): Promise<{ pid: number; port: number } | undefined> {
    const left = await readPostmaster(this.clusterDir);
    if (!left || !(await isPostgresAlive(left.pid))) {
      // Postgres clears the file itself, unless its number belongs to another program by now.
      await rm(join(this.clusterDir, "postmaster.pid"), { force: true });
      return undefined;
    }
    const { pid, port } = await this.waitUntilReady(left.pid, () => undefined);
    this.onProgress(`Using the Postgres that an earlier run left (process ${pid}).`);
    return { pid, port };
  }

  /** Something ended it while the service runs: it comes back where the service's connections look for it. */
  private async restartIfGone(): Promise<void> {
    const { running } = this;
    if (!running || this.restarting || (await isPostgresAlive(running.pid))) {
      return;
    }
    this.onProgress("The embedded Postgres is gone; it is started again.");
    this.restarting = this.startServer(running.port)
      .then((restarted) => {
        this.running = restarted;
      })
      .catch((error: unknown) => this.onProgress(String(error)))
      .finally(() => {
        this.restarting = undefined;
      });
    await this.restarting;
  }

  private async startServer(port?: number): Promise<{ pid: number; port: number }> {
    const native = await findPostgres(this.runAs, this.stateDir);
    if (!(await this.hasCluster())) {
      await this.initialize(native);
    }
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.launch(native, port ?? (await freePort()));
      } catch (error) {
        if (attempt >= START_ATTEMPTS) {
          throw error;
        }
        await delay(START_RETRY_MS);
      }
    }
  }

  private async hasCluster(): Promise<boolean> {
    return (await readFile(join(this.clusterDir, "PG_VERSION"), "utf8").catch(() => "")) !== "";
  }

  private async initialize(native: string): Promise<void> {
    this.onProgress(`Making a database in ${this.clusterDir}.`);
    const passwordFile = join(this.clusterDir, "..", `.roomful-password-${process.pid}`);
    await writeFile(passwordFile, this.password, { mode: 0o600 });
    // Beside its place: what a run that was killed in the middle has left must not be taken for a database.
    const draft = `${this.clusterDir}.new`;
    try {
      await rm(draft, { recursive: true, force: true });
      await this.makeFolder(draft);
      if (this.runAs) {
        await chown(passwordFile, this.runAs.uid, this.runAs.gid);
      }
      const options = ["-D", draft, "-U", DATABASE, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
      const text = ["--encoding=UTF8", "--locale=C"];
      const speed = this.options.isThrowaway ? ["--no-sync"] : [];
      await promisify(execFile)(join(native, "bin", "initdb"), [...options, ...text, ...speed], {
        ...idsOf(this.runAs),
        cwd: "/",
      });
      // The folder in its place is empty, or this fails.
      await rename(draft, this.clusterDir);
    } catch (cause) {
      throw new Error("A database for the embedded Postgres could not be made.", { cause });
    } finally {
      await rm(passwordFile, { force: true });
    }
  }

  private async launch(native: string, port: number): Promise<{ pid: number; port: number }> {
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      max_connections: this.options.maxConnections ?? 50,
      ...(this.options.isThrowaway && { fsync: "off", full_page_writes: "off", shared_buffers: "32MB" }),
    };
    // Statements that failed stand in it, with what people wrote.
    const log = openSync(join(this.dataDir, "postgres.log"), "a", 0o600);
    const child = spawn(
      join(native, "bin", "postgres"),
      [
        "-D",
        this.clusterDir,
        "-p",
        String(port),
        ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
      ],
      // Detached: Ctrl-C in a terminal goes to the whole group, and would stop it before the service has drained.
      // A throwaway one is to end with it.
      { ...idsOf(this.runAs), cwd: "/", detached: !this.options.isThrowaway, stdio: ["ignore", log, log] },
    );
    closeSync(log);
    child.unref();
    const pid = await startedPid(child);
    if (this.options.isThrowaway) {
      await this.guard?.release();
      this.guard = new OrphanGuard({ pid, signal: "SIGQUIT", folder: this.dataDir });
    }
    return this.waitUntilReady(pid, () => child.exitCode ?? child.signalCode ?? undefined);
  }

  private async waitUntilReady(pid: number, exitOf: () => unknown): Promise<{ pid: number; port: number }> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      const postmaster = await readPostmaster(this.clusterDir);
      if (postmaster?.pid === pid && postmaster.isReady) {
        return { pid, port: postmaster.port };
      }
      if (exitOf() !== undefined || !(await isPostgresAlive(pid))) {
        throw new Error(`The embedded Postgres did not start. Its log ends with:\n${await this.endOfLog()}`);
      }
      await delay(POLL_MS);
    }
    throw new Error(`The embedded Postgres was not ready in time. Its log ends with:\n${await this.endOfLog()}`);
  }

  private async endOfLog(): Promise<string> {
    const log = await readFile(join(this.dataDir, "postgres.log"), "utf8").catch(() => "");
    return log.trimEnd().split("\n").slice(-5).join("\n");
  }

  private async createDatabase(): Promise<void> {
    const client = new Client({ connectionString: this.urlOf("postgres") });
    await client.connect();
    try {
      const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [DATABASE]);
      if (rowCount === 0) {
        await client.query(`CREATE DATABASE ${DATABASE}`);
      }
    } finally {
      await client.end();
    }
  }

  private async end(pid: number, signal: NodeJS.Signals): Promise<void> {
    const deadlineMs = performance.now() + STOP_TIMEOUT_MS;
    if (await isPostgresAlive(pid)) {
      process.kill(pid, signal);
    }
    while (await isPostgresAlive(pid)) {
      if (performance.now() > deadlineMs) {
        if (signal === "SIGQUIT") {
          throw new Error(`the embedded Postgres (process ${pid}) does not stop`);
        }
        return this.end(pid, "SIGQUIT");
      }
      await delay(POLL_MS);
    }
  }
}

function startedPid(child: ChildProcess): Promise<number> {
  return new Promise((resolvePid, reject) => {
    child.once("error", reject);
    child.once("spawn", () => resolvePid(child.pid ?? 0));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolvePort(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolveDelay) => setTimeout(resolveDelay, ms));
}
