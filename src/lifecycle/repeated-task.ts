import type { Clock, Timer } from "./clock";
import type { Service } from "./service";

export interface RepeatedTaskOptions {
  name: string;
  run(): Promise<void>;
  intervalMs: number;
  clock: Clock;
  onError(error: unknown): void;
}

/** Does something at start, then regularly, and whenever it is asked to; never twice at the same time. */
export class RepeatedTask implements Service {
  readonly name: string;
  private timer: Timer | undefined;
  private isStopped = false;
  private running: Promise<void> = Promise.resolve();
  /** A run that waits for the one that is going on. */
  private next: Promise<void> | undefined;

  constructor(private readonly options: RepeatedTaskOptions) {
    this.name = options.name;
  }

  /** Rejects when the first run fails. */
  async start(): Promise<void> {
    const { clock, intervalMs, run } = this.options;
    const first = run();
    this.running = first.catch(() => {
      // It is thrown to whoever starts.
    });
    await first;
    if (!this.isStopped) {
      this.timer = clock.setRepeating(() => void this.runSoon(), intervalMs);
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.timer?.clear();
    await (this.next ?? this.running);
  }

  /** Never rejects. A call during a run begins another one after it, which later calls share. */
  runSoon(): Promise<void> {
    this.next ??= this.running.then(() => {
      this.next = undefined;
      this.running = this.options
        .run()
        .catch((error: unknown) => this.options.onError(error))
        .catch(() => {
          // Whoever is told must not keep the task from going on.
        });
      return this.running;
    });
    return this.next;
  }
}
