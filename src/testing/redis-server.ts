import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "redis";
import { OrphanGuard } from "../lifecycle/orphan-guard";
import { freePort } from "./free-port";
import { findRedisServer } from "./redis-binary";

/** Not how fast it must be: a busy machine needs a small part of it. */
const START_TIMEOUT_MS = 60_000;

export interface RedisServerOptions {
  /** Lines of a configuration file of its own, which it may rewrite. */
  conf?: readonly string[];
  isSentinel?: boolean;
}

/** A real redis-server on the loopback, which forgets everything at its end. */
export class RedisServer {
  private child: ChildProcess | undefined;
  private guard: OrphanGuard | undefined;

  private constructor(
    private readonly path: string,
    private readonly port: number,
    private readonly folder: string,
    private readonly options: RedisServerOptions,
  ) {}

  /** Starts one on a free port. Rejects, naming REDIS_SERVER_BIN, where there is none and none can be fetched. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const path = await findRedisServer();
    const folder = await mkdtemp(join(tmpdir(), "roomful-redis-"));
    const server = new RedisServer(path, await freePort(), folder, options);
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.port };
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.child?.pid === undefined) {
      throw new Error("redis-server is not running");
    }
    return this.child.pid;
  }

  /** Brings it up, empty, at the same address; one that runs is killed first. */
  async restart(): Promise<void> {
    await this.kill();
    const child = spawn(this.path, await this.makeArguments(), { stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    if (child.pid !== undefined) {
      this.guard = new OrphanGuard({ pid: child.pid, folder: this.folder });
    }
    child.once("exit", () => {
      if (this.child === child) {
        this.child = undefined;
      }
    });
    try {
      await untilReady(child);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  private async makeArguments(): Promise<string[]> {
    const { conf, isSentinel } = this.options;
    const common = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.folder];
    const path = join(this.folder, "redis.conf");
    if (conf) {
      // What it has written there itself is kept at a restart.
      await writeFile(path, `${conf.join("\n")}\n`, { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") {
          throw error;
        }
      });
    }
    return [
      ...(conf ? [path] : []),
      ...common,
      ...(isSentinel ? ["--sentinel"] : ["--save", "", "--appendonly", "no"]),
    ];
  }

  /** Ends it without a word, paused or not, and resolves when it is gone. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    }
    await this.guard?.release();
  }

  /** Stops the process without ending it: connections stay, and nothing answers. */
  pause(): void {
    this.child?.kill("SIGSTOP");
  }

  resume(): void {
    this.child?.kill("SIGCONT");
  }

  /** Empties it while it runs. */
  async flush(): Promise<void> {
    await this.ask("FLUSHALL");
  }

  /** Sends it a command, over a connection of its own. */
  async ask(...command: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } });
    client.on("error", () => {
      // The call that fails says it too.
    });
    try {
      await client.connect();
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Reads what it prints, to the end: a full pipe would stop it. */
function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolveReady, reject) => {
    let output = "";
    let isReady = false;
    const fail = (what: string) => reject(new Error(`redis-server ${what}:\n${output}`));
    const timeout = setTimeout(() => fail("was not ready in time"), START_TIMEOUT_MS);
    const read = (chunk: Buffer): void => {
      if (isReady) {
        return;
      }
      output += String(chunk);
      if (/Ready to accept connections|Sentinel ID is/.test(output)) {
        isReady = true;
        clearTimeout(timeout);
        resolveReady();
      }
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", (error) => {
      clearTimeout(timeout);
      reject(error);
    });
    // "close" and not "exit": by then, what it said last has been read.
    child.once("close", () => {
      clearTimeout(timeout);
      fail("ended while it started");
    });
  });
}
