import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";

export interface OrphanGuardOptions {
  /** The process that shall not outlive this one. */
  pid: number;
  /** Asks it to end; after ten seconds it is killed. @default SIGKILL */
  signal?: "SIGKILL" | "SIGQUIT";
  /** Removed after its end. */
  folder?: string;
}

/**
 * Arguments: signal, pid, folder. A process that was stopped in its tracks hears other signals only after SIGCONT; one
 * that has ended (Z) may keep its number for a while, as nobody asks for its status.
 */
const SCRIPT = `
read -r released && exit
kill -s "$1" "$2" && kill -s CONT "$2"
tenths=0
while kill -s 0 "$2" && ! ps -o stat= -p "$2" | grep -q Z && [ $tenths -lt 100 ]; do
  sleep 0.1
  tenths=$((tenths + 1))
done
kill -s KILL "$2"
[ -z "$3" ] || rm -rf "$3"`;

/**
 * Ends a child process when this process is gone, in whatever way: at SIGKILL nothing of its own runs any more. A shell
 * waits at the end of a pipe that closes with this process. For what serves tests only: a database with somebody's data
 * outlives a killed service, and is adopted by the next one.
 */
export class OrphanGuard {
  private readonly shell: ChildProcess;

  constructor({ pid, signal = "SIGKILL", folder = "" }: OrphanGuardOptions) {
    this.shell = spawn("/bin/sh", ["-c", SCRIPT, "orphan-guard", signal.replace("SIG", ""), String(pid), folder], {
      cwd: "/",
      // Ctrl-C in a terminal goes to the whole group; it comes too early here.
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.shell.unref();
    this.shell.on("error", () => {
      // No shell here: the child lives on after a crash, as without a guard.
    });
    // A pipe of a child process is one, whatever its type says.
    const pipe = this.shell.stdin as unknown as Socket;
    pipe.unref();
    pipe.on("error", () => {
      // It is gone already.
    });
  }

  /** Lets the child live, or have ended. Resolves when nothing of the guard is left. */
  async release(): Promise<void> {
    if (this.shell.pid === undefined || this.shell.exitCode !== null || this.shell.signalCode !== null) {
      return;
    }
    this.shell.ref();
    const exit = once(this.shell, "exit");
    this.shell.stdin?.end("released\n");
    await exit;
  }
}
