import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { freePort } from "../../src/testing/free-port";

/** A start that takes longer hangs; a busy machine needs a small part of it. */
const START_TIMEOUT_MS = 60_000;
const OUTPUT = "output.log";
/**
 * Waits for the end of its input, which is also the end of the test process, however that ends: then the program's
 * group goes, and its folder. A line means that both are gone already.
 */
const GUARD = `trap "" INT TERM HUP; read -r done || { kill -s KILL -- "-$1"; rm -rf -- "$2"; }`;

export interface ProgramSetup {
  /** Arguments that keep the program in the foreground. */
  args: readonly string[];
  /** What stands in its folder when it starts, by name. */
  files?: Readonly<Record<string, string>>;
}

/** The place that a program is given. */
export interface ProgramPlace {
  /** Its own, empty, gone at its end. */
  folder: string;
  /** Of the loopback, free. It is ready when something listens there. */
  port: number;
}

/** A real program in a temporary folder, on a free port. It never outlives the test process, and is not ended by Ctrl-C before it. */
export class ProgramProcess {
  private constructor(
    private readonly place: ProgramPlace,
    private readonly child: ChildProcess,
    private readonly guard: ChildProcess,
  ) {}

  /** Starts it and resolves when it listens; rejects with what it printed if it ends before. */
  static async start(path: string, setUp: (place: ProgramPlace) => ProgramSetup): Promise<ProgramProcess> {
    const folder = await mkdtemp(join(tmpdir(), `roomful-${basename(path)}-`));
    // A program that root starts goes on as another user, who must find its files.
    await chmod(folder, 0o755);
    const place = { folder, port: await freePort() };
    const { args, files = {} } = setUp(place);
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(folder, name), content);
    }
    // Detached: a group of its own, which is ended whole. A master that is killed leaves its workers behind.
    // A file, not a pipe: /dev/stdout can be opened again, as images' configurations do, and nobody has to read it.
    const output = await open(join(folder, OUTPUT), "a");
    const child = spawn(path, args, { cwd: folder, detached: true, stdio: ["ignore", output.fd, output.fd] });
    try {
      await once(child, "spawn");
    } catch (cause) {
      await rm(folder, { recursive: true, force: true });
      throw new Error(`${path} cannot be run`, { cause });
    } finally {
      await output.close();
    }
    const guard = spawn("sh", ["-c", GUARD, "guard", String(child.pid), folder], {
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    const started = new ProgramProcess(place, child, guard);
    try {
      await started.untilListening();
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  get port(): number {
    return this.place.port;
  }

  get folder(): string {
    return this.place.folder;
  }

  /** What it has printed; known until it is stopped. */
  get printed(): string {
    return readFileSync(join(this.folder, OUTPUT), "utf8");
  }

  get pid(): number {
    if (this.child.pid === undefined) {
      throw new Error(`${this.child.spawnfile} was not started`);
    }
    return this.child.pid;
  }

  /** To the program and all that it has started. */
  signal(name: NodeJS.Signals): void {
    process.kill(-this.pid, name);
  }

  /** Ends it without a word, paused or not. May be called twice, and after it has ended by itself. */
  async stop(): Promise<void> {
    const closed = this.hasEnded ? undefined : once(this.child, "close");
    try {
      // Also where the program itself is gone: its workers may live.
      this.signal("SIGKILL");
    } catch {
      // ESRCH: nothing of it is left.
    }
    await closed;
    await rm(this.folder, { recursive: true, force: true });
    this.guard.stdin?.end("done\n");
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private async untilListening(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await isListening(this.port))) {
      if (this.hasEnded) {
        throw new Error(`${this.child.spawnfile} ended while it started:\n${this.printed}`);
      }
      if (Date.now() > deadline) {
        throw new Error(`${this.child.spawnfile} does not listen on ${this.port}:\n${this.printed}`);
      }
      await delay(20);
    }
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
