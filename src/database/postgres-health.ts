import type { Clock, Timer } from "../lifecycle/clock";
import type { Service } from "../lifecycle/service";
import { setAwakeTimer } from "../lifecycle/set-awake-timer";

/** A probe without an answer for this long counts as failed. */
const PROBE_TIMEOUT_MS = 2_000;

export interface PostgresHealthOptions {
  /** Asks Postgres something; rejects when it does not answer. */
  probe(): Promise<unknown>;
  intervalMs: number;
  clock: Clock;
  onDown(error: unknown): void;
  /** Postgres answers again; what it holds may be older than what was known. */
  onUp(): void;
}

/** Knows whether Postgres answers, by asking it regularly. */
export class PostgresHealth implements Service {
  readonly name = "Postgres health";
  private timer: Timer | undefined;
  private isProbing = false;
  private up = true;

  constructor(private readonly options: PostgresHealthOptions) {}

  get isUp(): boolean {
    return this.up;
  }

  async start(): Promise<void> {
    const { clock, intervalMs } = this.options;
    this.timer = clock.setRepeating(() => this.check(), intervalMs);
  }

  async stop(): Promise<void> {
    this.timer?.clear();
    this.timer = undefined;
  }

  /** Something else failed to reach Postgres: it is asked now rather than at the next turn. */
  check(): void {
    if (this.isProbing || !this.timer) {
      return;
    }
    this.isProbing = true;
    // The probe may hang for as long as the driver's own timeouts; what follows from that is known earlier.
    const giveUp = (): void => this.markDown(new Error("no answer in time"));
    const timeout = setAwakeTimer(this.options.clock, giveUp, PROBE_TIMEOUT_MS);
    this.options
      .probe()
      .then(
        () => this.markUp(),
        (error: unknown) => this.markDown(error),
      )
      .finally(() => {
        timeout.clear();
        this.isProbing = false;
      });
  }

  private markUp(): void {
    if (!this.up && this.timer) {
      this.up = true;
      this.options.onUp();
    }
  }

  private markDown(error: unknown): void {
    if (this.up && this.timer) {
      this.up = false;
      this.options.onDown(error);
    }
  }
}
