import type { RoomfulConfig } from "../config/config";
import { RoomfulError } from "../contract/roomful-error";
import type { Clock, Timer } from "../lifecycle/clock";
import { repeatDelayMs, retryDelayMs } from "./backoff";
import { LockedGroups } from "./locked-groups";
import type { BatchWriter } from "./write-buffer";

/** One admitted item on its way. */
export interface LaneEntry<Item> {
  readonly item: Item;
  readonly admittedAtMs: number;
  readonly group: string;
  readonly bytes: number;
}

export interface LaneOptions<Item, Stored, Entry extends LaneEntry<Item>> {
  config: Pick<RoomfulConfig["writeBuffer"], "maxBatchSize" | "flushIntervalMs">;
  writer: BatchWriter<Item, Stored>;
  clock: Clock;
  random: () => number;
  /** Called once for every entry, in the order of its group, a batch at a time. */
  onSettled(settled: readonly LaneSettlement<Stored, Entry>[]): void;
  /** A batch was not written and will be tried again, or bisected. */
  onError(error: unknown, failures: number): void;
  onWritten(size: number, seconds: number): void;
  /** Somebody else holds the group, or no longer does. */
  onLocked(group: string, isLocked: boolean): void;
}

export type LaneSettlement<Stored, Entry> = { entry: Entry; stored: Stored } | { entry: Entry; rejected: RoomfulError };

/**
 * Writes its entries in the order in which they came, one batch at a time.
 *
 * A group that somebody else holds goes out of the way: what is admitted of it gathers behind what waits, and is tried again
 * between the batches of the others, without waiting for the lock.
 */
export class Lane<Item, Stored, Entry extends LaneEntry<Item>> {
  readonly locked = new LockedGroups<Entry>();
  private waiting: Entry[] = [];
  /** Taken from `waiting`, and neither settled nor locked; oldest first. */
  private inFlight: readonly Entry[] = [];
  private flushTimer: { timer: Timer; dueAtMs: number } | undefined;
  private flushing: Promise<void> | undefined;
  /** Locked groups and the others take turns, where both are due. */
  private isTurnOfLocked = false;
  private isDraining = false;
  private isStopped = false;
  private endPause: (() => void) | undefined;

  constructor(private readonly options: LaneOptions<Item, Stored, Entry>) {}

  /** The oldest that waits for nothing but its turn. */
  get oldest(): Entry | undefined {
    return this.inFlight[0] ?? this.waiting[0];
  }

  add(entry: Entry): void {
    if (this.locked.has(entry.group)) {
      this.locked.add(entry);
      return;
    }
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
    this.flushTimer?.timer.clear();
    this.endPause?.();
  }

  /** `mayFlush`: now, if the time of the first one has come. */
  private schedule(mayFlush: boolean): void {
    const first = this.waiting[0];
    if (this.flushing || this.isStopped || (!first && this.locked.size === 0)) {
      return;
    }
    const { config, clock } = this.options;
    const dueAtMs = Math.min(
      first ? first.admittedAtMs + config.flushIntervalMs : Number.POSITIVE_INFINITY,
      this.locked.nextDueAtMs,
    );
    const dueInMs = dueAtMs - clock.monotonicMs();
    const isDue = mayFlush && dueInMs <= 0;
    if (isDue || this.isDraining || this.waiting.length >= config.maxBatchSize) {
      this.flushTimer?.timer.clear();
      this.flushTimer = undefined;
      this.flushing = this.flush();
    } else if (!this.flushTimer || dueAtMs < this.flushTimer.dueAtMs) {
      this.flushTimer?.timer.clear();
      const timer = clock.setTimer(() => {
        this.flushTimer = undefined;
        this.schedule(true);
      }, dueInMs);
      this.flushTimer = { timer, dueAtMs };
    }
  }

  private async flush(): Promise<void> {
    const { clock, config } = this.options;
    if (this.isDraining && this.waiting.length === 0) {
      await this.pause(Math.max(0, this.locked.nextDueAtMs - clock.monotonicMs()));
    }
    this.isTurnOfLocked = !this.isTurnOfLocked || this.waiting.length === 0;
    const due = this.isTurnOfLocked ? this.locked.beginWriting(clock.monotonicMs(), config.maxBatchSize) : [];
    if (due.length > 0) {
      await this.writeLocked(due);
    } else {
      const batch = this.waiting.slice(0, config.maxBatchSize);
      this.waiting = this.waiting.slice(batch.length);
      this.inFlight = batch;
      await this.write(batch, 0, true);
      this.inFlight = [];
    }
    this.flushing = undefined;
    this.schedule(true);
  }

  private async writeLocked(due: readonly Entry[]): Promise<void> {
    // As a repeat: it was in a batch before, and that may have been committed by one of its attempts.
    await this.write(due, 1, false);
    for (const group of this.locked.endWriting(this.options.clock.monotonicMs())) {
      this.options.onLocked(group, false);
    }
  }

  /**
   * Writes the entries, again and again until each is settled or its group is locked.
   *
   * @param failures attempts that may have committed.
   * @param mayWait false: they are those of locked groups.
   */
  private async write(given: readonly Entry[], failures: number, mayWait: boolean): Promise<void> {
    const { writer, clock, random, onError, onWritten } = this.options;
    const batch = this.withoutLocked(given, mayWait);
    if (batch.length === 0) {
      return;
    }
    const items = batch.map(({ item }) => item);
    let results: readonly (Stored | null)[] | undefined;
    for (let attempt = failures; !results; ) {
      if (this.isStopped) {
        return;
      }
      const startedAtMs = clock.monotonicMs();
      try {
        results = await writer.writeBatch(items, attempt > 0, mayWait);
        onWritten(batch.length, (clock.monotonicMs() - startedAtMs) / 1000);
      } catch (error) {
        attempt += 1;
        onError(error, attempt);
        const kind = writer.classifyError(error);
        if (kind === "poison") {
          return this.bisect(batch, attempt, mayWait, error);
        }
        await this.pause(kind === "repeat" ? repeatDelayMs(attempt, random) : retryDelayMs(attempt, random));
      }
    }
    this.finish(batch, results);
  }

  private async bisect(batch: readonly Entry[], failures: number, mayWait: boolean, cause: unknown): Promise<void> {
    const [only, second] = batch;
    if (only && !second) {
      this.settle([{ entry: only, rejected: new RoomfulError("STORAGE_REJECTED", { cause }) }]);
      return;
    }
    // The older half first: the order within a group is the order of admission.
    const middle = batch.length >> 1;
    await this.write(batch.slice(0, middle), failures, mayWait);
    await this.write(batch.slice(middle), failures, mayWait);
  }

  /** Without what was found locked when an earlier part was written: it must not pass the older ones of its group. */
  private withoutLocked(batch: readonly Entry[], mayWait: boolean): readonly Entry[] {
    if (this.locked.size === 0) {
      return batch;
    }
    return batch.filter(({ group }) => (mayWait ? !this.locked.has(group) : this.locked.isBeingWritten(group)));
  }

  private finish(batch: readonly Entry[], results: readonly (Stored | null)[]): void {
    const settled: LaneSettlement<Stored, Entry>[] = [];
    const held = new Set<string>();
    batch.forEach((entry, index) => {
      const result = results[index];
      if (result === null) {
        held.add(entry.group);
      } else {
        settled.push(this.settlementOf(entry, result));
      }
    });
    if (held.size > 0) {
      this.lock(held);
    }
    this.settle(settled);
  }

  /** What waits in these groups waits for their locks from now on. */
  private lock(groups: ReadonlySet<string>): void {
    const { clock, random, onLocked } = this.options;
    const isNew = new Set([...groups].filter((group) => !this.locked.has(group)));
    for (const entry of [...this.inFlight, ...this.waiting]) {
      if (isNew.has(entry.group)) {
        this.locked.add(entry);
      }
    }
    this.inFlight = this.inFlight.filter(({ group }) => !isNew.has(group));
    this.waiting = this.waiting.filter(({ group }) => !isNew.has(group));
    const nowMs = clock.monotonicMs();
    for (const group of groups) {
      this.locked.defer(group, (failures) => nowMs + retryDelayMs(failures, random));
    }
    for (const group of isNew) {
      onLocked(group, true);
    }
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
    if (this.locked.size === 0 && settled.length === this.inFlight.length) {
      // As a rule: a whole batch.
      this.inFlight = [];
    } else {
      const gone = new Set(settled.map(({ entry }) => entry));
      this.inFlight = this.inFlight.filter((entry) => !gone.has(entry));
      this.locked.remove(gone);
    }
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
