import type { RoomfulConfig } from "../config/config";
import { RoomfulError } from "../contract/roomful-error";
import type { Clock, Timer } from "../lifecycle/clock";
import { repeatDelayMs, retryDelayMs } from "./backoff";
import type { BatchWriter } from "./write-buffer";

/** One admitted item on its way. */
export interface LaneEntry<Item> {
  readonly item: Item;
  readonly admittedAtMs: number;
}

export interface LaneOptions<Item, Stored, Entry extends LaneEntry<Item>> {
  config: Pick<RoomfulConfig["writeBuffer"], "maxBatchSize" | "flushIntervalMs">;
  writer: BatchWriter<Item, Stored>;
  clock: Clock;
  random: () => number;
  /** Called once for every entry, in order, a batch at a time. */
  onSettled(settled: readonly LaneSettlement<Stored, Entry>[]): void;
  /** A batch was not written and will be tried again, or bisected. */
  onError(error: unknown, failures: number): void;
  onWritten(size: number, seconds: number): void;
}

export type LaneSettlement<Stored, Entry> = { entry: Entry; stored: Stored } | { entry: Entry; rejected: RoomfulError };

/** Writes its entries in the order in which they came, one batch at a time. */
export class Lane<Item, Stored, Entry extends LaneEntry<Item>> {
  private waiting: Entry[] = [];
  /** Taken from `waiting` and not settled, oldest first. */
  private inFlight: readonly Entry[] = [];
  private flushTimer: Timer | undefined;
  private flushing: Promise<void> | undefined;
  private isDraining = false;
  private isStopped = false;
  private endPause: (() => void) | undefined;

  constructor(private readonly options: LaneOptions<Item, Stored, Entry>) {}

  get oldest(): Entry | undefined {
    return this.inFlight[0] ?? this.waiting[0];
  }

  add(entry: Entry): void {
    this.waiting.push(entry);
    // Not at once, even where the interval is 0: what comes in one turn of the event loop is one batch.
    this.schedule(false);
  }

  /** Writes everything out; resolves when nothing is left, or after `stop`. */
  async drain(): Promise<void> {
    this.isDraining = true;
    this.schedule(true);
    while (this.flushing) {
      await this.flushing;
    }
  }

  /** Gives up on what is left: it stays unsettled. */
  stop(): void {
    this.isStopped = true;
    this.flushTimer?.clear();
    this.endPause?.();
  }

  /** `mayFlush`: now, if the time of the first one has come. */
  private schedule(mayFlush: boolean): void {
    const first = this.waiting[0];
    if (this.flushing || this.isStopped || !first) {
      return;
    }
    const { config, clock } = this.options;
    const dueInMs = first.admittedAtMs + config.flushIntervalMs - clock.monotonicMs();
    const isDue = mayFlush && dueInMs <= 0;
    if (isDue || this.isDraining || this.waiting.length >= config.maxBatchSize) {
      this.flushTimer?.clear();
      this.flushTimer = undefined;
      this.flushing = this.flush();
    } else {
      this.flushTimer ??= clock.setTimer(() => {
        this.flushTimer = undefined;
        this.schedule(true);
      }, dueInMs);
    }
  }

  private async flush(): Promise<void> {
    const batch = this.waiting.slice(0, this.options.config.maxBatchSize);
    this.waiting = this.waiting.slice(batch.length);
    this.inFlight = batch;
    await this.write(batch, 0);
    this.flushing = undefined;
    this.schedule(true);
  }

  /** Writes the entries, again and again until each is settled. `failures`: attempts that may have committed. */
  private async write(batch: readonly Entry[], failures: number): Promise<void> {
    const { writer, clock, random, onError, onWritten } = this.options;
    const items = batch.map(({ item }) => item);
    let results: readonly Stored[] | undefined;
    for (let attempt = failures; !results; ) {
      if (this.isStopped) {
        return;
      }
      const startedAtMs = clock.monotonicMs();
      try {
        results = await writer.writeBatch(items, attempt > 0);
        onWritten(batch.length, (clock.monotonicMs() - startedAtMs) / 1000);
      } catch (error) {
        attempt += 1;
        onError(error, attempt);
        const kind = writer.classifyError(error);
        if (kind === "poison") {
          return this.bisect(batch, attempt, error);
        }
        await this.pause(kind === "repeat" ? repeatDelayMs(attempt, random) : retryDelayMs(attempt, random));
      }
    }
    const written = results;
    this.settle(batch.map((entry, index) => this.settlementOf(entry, written[index])));
  }

  private async bisect(batch: readonly Entry[], failures: number, cause: unknown): Promise<void> {
    const [only, second] = batch;
    if (only && !second) {
      this.settle([{ entry: only, rejected: new RoomfulError("STORAGE_REJECTED", { cause }) }]);
      return;
    }
    // The older half first: the order within a group is the order of admission.
    const middle = batch.length >> 1;
    await this.write(batch.slice(0, middle), failures);
    await this.write(batch.slice(middle), failures);
  }

  private settlementOf(entry: Entry, result: Stored | undefined): LaneSettlement<Stored, Entry> {
    if (result === undefined) {
      // A writer that answers fewer results than items is a bug; saying "stored" here would be a lie.
      return { entry, rejected: new RoomfulError("INTERNAL") };
    }
    const rejected = this.options.writer.rejectionOf(result);
    return rejected ? { entry, rejected } : { entry, stored: result };
  }

  private settle(settled: readonly LaneSettlement<Stored, Entry>[]): void {
    this.inFlight = this.inFlight.slice(settled.length);
    this.options.onSettled(settled);
  }

  private pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.clock.setTimer(resolve, delayMs);
      this.endPause = () => {
        timer.clear();
        resolve();
      };
    });
  }
}
