import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

import { freePort } from "../../src/testing/free-port";
import { cpuMsOf, rssKbOf } from "./process-numbers";

export interface ServerProcessOptions {
  /** The script to run. */
  entry: string;
  env: Record<string, string>;
  /** What the command line begins with. */
  prefix: readonly string[];
  /** For Node itself. */
  nodeOptions: readonly string[];
}

const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

/** A server that is measured, in a process of its own. */
export class ServerProcess {
  readonly host = "127.0.0.1";
  private output = "";

  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
  ) {}

  /** Resolves when it answers `/readyz` with 200. */
  static async start({ entry, env, prefix, nodeOptions }: ServerProcessOptions): Promise<ServerProcess> {
    const port = await freePort();
    const [command = process.execPath, ...args] = [...prefix, process.execPath, ...nodeOptions, entry];
    const { PATH, HOME, LANG } = process.env;
    const child = spawn(command, args, {
      env: { PATH, HOME, LANG, NODE_ENV: "production", HOST: "127.0.0.1", PORT: String(port), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const server = new ServerProcess(port, child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        server.output += String(chunk);
      });
    }
    process.once("exit", server.kill);
    try {
      await server.untilReady();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get url(): string {
    return `http://${this.host}:${this.port}`;
  }

  cpuMs(): number {
    return cpuMsOf(this.child.pid as number);
  }

  rssKb(): number {
    return rssKbOf(this.child.pid as number);
  }

  /** SIGTERM, and after a while SIGKILL: overloaded ones have much to forget. */
  async stop(): Promise<void> {
    if (this.isRunning) {
      const exit = once(this.child, "exit");
      this.child.kill("SIGTERM");
      const patience = setTimeout(this.kill, STOP_TIMEOUT_MS);
      await exit;
      clearTimeout(patience);
    }
    process.off("exit", this.kill);
  }

  private get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  private readonly kill = (): void => {
    this.child.kill("SIGKILL");
  };

  private async untilReady(): Promise<void> {
    for (;;) {
      const response = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (response?.ok) {
        return;
      }
      if (!this.isRunning) {
        throw new Error(`a server ended while it started:\n${this.output}`);
      }
      await delay(POLL_MS);
    }
  }
}
