import type { Clock, Timer } from "../lifecycle/clock";
import type { Service } from "../lifecycle/service";
import { setAwakeTimer } from "../lifecycle/set-awake-timer";
import type { PostgresProbe } from "./postgres-probe";

/** A write without an answer for this long makes it worth asking whether Postgres answers at all. */
const READ_AFTER_MS = 1_000;
/** A probe without an answer for this long counts as failed. */
const PROBE_TIMEOUT_MS = 2_000;
/**
 * A write that hangs is given up after this, twice as long each time: Postgres may go on waiting with what it was asked, and
 * each holds one of its connections.
 */
const FIRST_HANG_MS = 5_000;
const MAX_HANG_MS = 60_000;
const READ_ONLY = "25006";

export interface PostgresHealthOptions {
  probe: Pick<PostgresProbe, "open" | "write" | "read" | "abandon" | "close">;
  intervalMs: number;
  clock: Clock;
  onDown(error: unknown): void;
  /** It answers, and stores nothing. */
  onNotStoring(problem: string, error: unknown): void;
  /** Postgres answers or stores again; what it holds may be older than what was known. */
  onUp(): void;
  /** Another server has taken over, or an earlier state has come back, and perhaps nobody has noticed. */
  onAnotherHistory(): void;
}

interface Writing {
  isLate: boolean;
}

/**
 * Knows whether Postgres answers and stores, by asking it regularly.
 *
 * States: up; not storing (it answers: what is read is right, and nothing is committed); down. A write tells most. Where it fails
 * or takes long, a read on another connection tells the last two apart.
 */
export class PostgresHealth implements Service {
  readonly name = "Postgres health";
  private timer: Timer | undefined;
  private writing: Writing | undefined;
  private isReading = false;
  private hangMs = FIRST_HANG_MS;
  private answers = true;
  private trouble: string | undefined;

  constructor(private readonly options: PostgresHealthOptions) {}

  /** It answers; what is read can be had. */
  get isUp(): boolean {
    return this.answers;
  }

  /** What is wrong with it, for people; undefined: nothing. */
  get problem(): string | undefined {
    return this.trouble;
  }

  async start(): Promise<void> {
    const { clock, intervalMs, probe } = this.options;
    this.timer = clock.setRepeating(() => this.check(), intervalMs);
    // Not awaited: a Postgres that hangs must not hold the start up.
    probe.open().catch(() => {
      // The first write meets it too.
    });
  }

  async stop(): Promise<void> {
    this.timer?.clear();
    this.timer = undefined;
    await this.options.probe.close();
  }

  /** Something else failed to reach Postgres: it is asked now rather than at the next turn. */
  check(): void {
    if (!this.timer) {
      return;
    }
    const { writing } = this;
    if (!writing) {
      this.write();
    } else if (writing.isLate) {
      this.read(undefined);
    }
  }

  private write(): void {
    const { probe, clock } = this.options;
    const writing = { isLate: false };
    this.writing = writing;
    let hasRead = false;
    // It may hang for longer than anybody waits; what follows from that is known earlier.
    const early = setAwakeTimer(
      clock,
      () => {
        this.read(undefined, () => {
          hasRead = true;
        });
      },
      READ_AFTER_MS,
    );
    const late = setAwakeTimer(
      clock,
      () => {
        writing.isLate = true;
        if (hasRead) {
          this.markNotStoring("Postgres does not commit", new Error("no commit in time"));
        } else {
          this.markDown(new Error("no answer in time"));
        }
      },
      PROBE_TIMEOUT_MS,
    );
    const hanging = setAwakeTimer(
      clock,
      () => {
        this.hangMs = Math.min(this.hangMs * 2, MAX_HANG_MS);
        probe.abandon();
      },
      this.hangMs,
    );
    const end = (): void => {
      hanging.clear();
      early.clear();
      late.clear();
      this.writing = undefined;
    };
    probe.write().then(
      ({ isAnotherHistory }) => {
        end();
        this.hangMs = FIRST_HANG_MS;
        this.notice(isAnotherHistory);
        this.markUp();
      },
      (error: unknown) => {
        end();
        this.read(error);
      },
    );
  }

  /** `writeError`: what the write failed with; undefined: it has no answer yet. */
  private read(writeError: unknown, onAnswer: () => void = () => {}): void {
    if (this.isReading || !this.timer) {
      return;
    }
    const { probe, clock } = this.options;
    this.isReading = true;
    const timeout = setAwakeTimer(clock, () => fail(new Error("no answer in time")), PROBE_TIMEOUT_MS);
    const fail = (error: unknown): void => {
      if (writeError !== undefined || this.writing?.isLate) {
        this.markDown(error);
      }
    };
    probe
      .read()
      .then(({ isAnotherHistory }) => {
        onAnswer();
        this.notice(isAnotherHistory);
        if (isAnotherHistory) {
          // The write that hangs was asked of the server before.
          probe.abandon();
        } else if (writeError !== undefined) {
          this.markNotStoring(problemOf(writeError), writeError);
        } else if (this.writing?.isLate) {
          this.markNotStoring("Postgres does not commit", new Error("no commit in time"));
        }
      }, fail)
      .finally(() => {
        timeout.clear();
        this.isReading = false;
      });
  }

  private notice(isAnotherHistory: boolean): void {
    if (isAnotherHistory && this.timer) {
      this.options.onAnotherHistory();
    }
  }

  private markUp(): void {
    if (this.trouble !== undefined && this.timer) {
      this.trouble = undefined;
      this.answers = true;
      this.options.onUp();
    }
  }

  private markNotStoring(problem: string, error: unknown): void {
    if (this.trouble === problem || !this.timer) {
      return;
    }
    const answersAgain = !this.answers;
    this.trouble = problem;
    this.answers = true;
    if (answersAgain) {
      this.options.onUp();
    }
    this.options.onNotStoring(problem, error);
  }

  private markDown(error: unknown): void {
    if (this.answers && this.timer) {
      this.trouble = "Postgres does not answer";
      this.answers = false;
      this.options.onDown(error);
    }
  }
}

function problemOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return code === READ_ONLY ? "Postgres is read-only" : `Postgres does not store (${code ?? "no code"})`;
}
