import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { OrphanGuard } from "../../src/lifecycle/orphan-guard";

const MAIN = join(process.cwd(), "dist/src/main.js");

/** The service as operators run it: a process of its own, from what `npm run build` made. */
export class ServiceProcess {
  readonly output: string[] = [];
  private child: ChildProcess | undefined;
  private guard: OrphanGuard | undefined;

  constructor(
    readonly port: number,
    private readonly env: Record<string, string>,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts it, and resolves when it is ready. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN], {
      env: { ...baseEnvironment(), ...this.env, PORT: String(this.port), HOST: "127.0.0.1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    this.guard = child.pid === undefined ? undefined : new OrphanGuard({ pid: child.pid });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => this.output.push(String(chunk)));
    }
    for (;;) {
      const response = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (response?.ok) {
        return;
      }
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`the service ended while it started:\n${this.output.join("")}`);
      }
      await delay(20);
    }
  }

  /** Sends a signal and resolves with the exit status when the process is gone; null: the signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      await this.guard?.release();
      return child?.exitCode ?? null;
    }
    const exit = once(child, "exit");
    child.kill(signal);
    const [status] = await exit;
    await this.guard?.release();
    return status;
  }
}

/** What a process needs, without what may be configured here. */
function baseEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, LANG } = process.env;
  return { PATH, HOME, LANG };
}
