import type { RoomfulConfig } from "../config/config";
import { RoomfulError } from "../contract/roomful-error";
import type { Clock } from "../lifecycle/clock";
import type { Service } from "../lifecycle/service";
import { Lane, type LaneEntry, type LaneSettlement } from "./lane";
import { RecentKeys } from "./recent-keys";
import type { Admission, BatchWriter, ItemTraits, Settlement, WriteBuffer, WriteBufferCounts } from "./write-buffer";

export interface BatchingWriteBufferOptions<Item, Stored> {
  config: RoomfulConfig["writeBuffer"];
  traits: ItemTraits<Item>;
  writer: BatchWriter<Item, Stored>;
  /** How long the key of a stored item is answered from memory. */
  trustKeysMs: number;
  clock: Clock;
  random: () => number;
  /** Called after each commit, before the admissions are answered, in the order of each group. */
  onSettled(settlements: readonly Settlement<Item, Stored>[]): void;
  /** A batch was not written and will be tried again, or bisected. */
  onError(error: unknown, failures: number): void;
  onWritten?(size: number, seconds: number): void;
  /** Somebody else holds the group, or no longer does. */
  onLocked?(group: string, isLocked: boolean): void;
}

interface BacklogEntry<Item, Stored> extends LaneEntry<Item> {
  readonly key: string;
  readonly fingerprint: string;
  readonly stored: Promise<Stored>;
  resolve(stored: Stored): void;
  reject(error: RoomfulError): void;
}

type BacklogLane<Item, Stored> = Lane<Item, Stored, BacklogEntry<Item, Stored>>;

/** After OVERLOADED: long enough for some batches, spread so that the refused do not come back at one moment. */
const OVERLOADED_RETRY_MS = 1_000;
const DRAINING_RETRY_MS = 1_000;
/** What one locked group may hold, of what everybody may. All locked groups together may hold once more as much as everybody. */
const LOCKED_GROUP_SHARE = 1 / 20;

/** The write buffer (see there), with lanes that are written side by side. */
export class BatchingWriteBuffer<Item, Stored> implements WriteBuffer<Item, Stored>, Service {
  readonly name = "write buffer";
  private readonly lanes: readonly BacklogLane<Item, Stored>[];
  private readonly backlog = new Map<string, BacklogEntry<Item, Stored>>();
  private readonly recentKeys: RecentKeys<Stored>;
  private backlogBytes = 0;
  private admitted = 0;
  private stored = 0;
  private rejected = 0;
  private isFull = false;
  private isDraining = false;
  private stopping: Promise<void> | undefined;

  constructor(private readonly options: BatchingWriteBufferOptions<Item, Stored>) {
    const { config, writer, trustKeysMs, clock, random, onError, onWritten, onLocked } = options;
    this.recentKeys = new RecentKeys({ capacity: config.rememberedKeys, trustMs: trustKeysMs, clock });
    this.lanes = Array.from(
      { length: config.lanes },
      () =>
        new Lane({
          config,
          writer,
          clock,
          random,
          onError,
          onWritten: (size, seconds) => onWritten?.(size, seconds),
          onLocked: (group, isLocked) => onLocked?.(group, isLocked),
          onSettled: (settled) => this.settle(settled),
        }),
    );
  }

  async start(): Promise<void> {
    // Nothing to open: lanes begin with their first item.
  }

  find(item: Item): Admission<Stored> | undefined {
    const { traits } = this.options;
    const key = traits.keyOf(item);
    const entry = this.backlog.get(key);
    const known = entry ?? this.recentKeys.get(key);
    if (!known) {
      return undefined;
    }
    if (known.fingerprint !== traits.fingerprintOf(item)) {
      throw new RoomfulError("IDEMPOTENCY_CONFLICT");
    }
    return { isDuplicate: true, stored: Promise.resolve(known.stored) };
  }

  admit(item: Item): Admission<Stored> {
    const known = this.find(item);
    if (known) {
      return known;
    }
    const { traits, clock, random } = this.options;
    const bytes = traits.bytesOf(item);
    if (this.isDraining) {
      throw new RoomfulError("DRAINING", { retryAfterMs: DRAINING_RETRY_MS });
    }
    const group = traits.groupOf(item);
    const lane = this.laneOf(group);
    if (lane.locked.has(group) ? this.isOverloadedInLocked(lane, group, bytes) : this.isOverloadedBy(bytes)) {
      throw new RoomfulError("OVERLOADED", { retryAfterMs: OVERLOADED_RETRY_MS * (1 + random()) });
    }
    const { promise, resolve, reject } = promiseWithResolvers<Stored>();
    // The caller may be gone when it is rejected; that is not an unhandled error.
    promise.catch(() => {});
    const entry = {
      item,
      admittedAtMs: clock.monotonicMs(),
      key: traits.keyOf(item),
      fingerprint: traits.fingerprintOf(item),
      group,
      bytes,
      stored: promise,
      resolve,
      reject,
    };
    this.backlog.set(entry.key, entry);
    this.backlogBytes += bytes;
    this.admitted += 1;
    lane.add(entry);
    return { isDuplicate: false, stored: promise };
  }

  wasStored(item: Item): boolean {
    return this.recentKeys.has(this.options.traits.keyOf(item));
  }

  isWaiting(key: string): boolean {
    return this.backlog.has(key);
  }

  backlogOf(group: string): Item[] {
    const items: Item[] = [];
    for (const entry of this.backlog.values()) {
      if (entry.group === group) {
        items.push(entry.item);
      }
    }
    return items;
  }

  doubt(): void {
    this.recentKeys.doubt();
  }

  get counts(): WriteBufferCounts {
    return {
      admitted: this.admitted,
      stored: this.stored,
      rejected: this.rejected,
      backlog: this.backlog.size,
      backlogBytes: this.backlogBytes,
      oldestAgeMs: this.oldestAgeMs(),
      lockedGroups: this.sumOfLocked("size"),
      lockedOldestAgeMs: this.ageOf(Math.min(...this.lanes.map(({ locked }) => locked.oldestAtMs))),
    };
  }

  /** Refuses new items with DRAINING from now on; what was admitted goes on being written. */
  refuse(): void {
    this.isDraining = true;
  }

  /** Drains, for `drainTimeoutMs` at most; what is not written then stays unanswered. May be called twice, or before `start`. */
  stop(): Promise<void> {
    this.stopping ??= this.drain();
    return this.stopping;
  }

  /** Gives up on what is not written; it stays unanswered. */
  abandon(): void {
    this.refuse();
    for (const lane of this.lanes) {
      lane.stop();
    }
  }

  private async drain(): Promise<void> {
    this.refuse();
    const { clock, config } = this.options;
    // A write that hangs does not end by itself either: the wait ends with the timer.
    const { promise: timeout, resolve } = promiseWithResolvers<void>();
    const timer = clock.setTimer(resolve, config.drainTimeoutMs);
    await Promise.race([Promise.all(this.lanes.map((lane) => lane.drain())), timeout]);
    timer.clear();
    this.abandon();
  }

  private settle(settled: readonly LaneSettlement<Stored, BacklogEntry<Item, Stored>>[]): void {
    for (const settlement of settled) {
      const { key, fingerprint, bytes } = settlement.entry;
      this.backlog.delete(key);
      this.backlogBytes -= bytes;
      if ("stored" in settlement) {
        this.stored += 1;
        this.recentKeys.remember(key, { fingerprint, stored: settlement.stored });
      } else {
        this.rejected += 1;
      }
    }
    this.report(settled);
    for (const settlement of settled) {
      if ("stored" in settlement) {
        settlement.entry.resolve(settlement.stored);
      } else {
        settlement.entry.reject(settlement.rejected);
      }
    }
  }

  private report(settled: readonly LaneSettlement<Stored, BacklogEntry<Item, Stored>>[]): void {
    try {
      this.options.onSettled(
        settled.map((settlement) =>
          "stored" in settlement
            ? { item: settlement.entry.item, stored: settlement.stored }
            : { item: settlement.entry.item, rejected: settlement.rejected },
        ),
      );
    } catch (error) {
      // The items are stored: whoever listens must not keep their senders from hearing it.
      this.options.onError(error, 0);
    }
  }

  private isOverloadedBy(bytes: number): boolean {
    const { maxMessages, maxBytes, maxAgeMs } = this.options.config;
    const share = this.isFull ? 0.5 : 1;
    const items = this.backlog.size - this.sumOfLocked("items");
    // An empty buffer takes anything: one item above half of the bytes would otherwise wait for ever.
    this.isFull =
      items > 0 &&
      (items >= maxMessages * share ||
        this.backlogBytes - this.sumOfLocked("bytes") + bytes > maxBytes * share ||
        this.oldestAgeMs() >= maxAgeMs * share);
    return this.isFull;
  }

  /** One mark is enough: nothing leaves a locked group before all of it can. */
  private isOverloadedInLocked({ locked }: BacklogLane<Item, Stored>, group: string, bytes: number): boolean {
    const { maxMessages, maxBytes, maxAgeMs } = this.options.config;
    const own = locked.backlogOf(group);
    return (
      own !== undefined &&
      (own.items >= maxMessages * LOCKED_GROUP_SHARE ||
        own.bytes + bytes > maxBytes * LOCKED_GROUP_SHARE ||
        this.ageOf(own.oldestAtMs) >= maxAgeMs ||
        this.sumOfLocked("items") >= maxMessages ||
        this.sumOfLocked("bytes") + bytes > maxBytes)
    );
  }

  private sumOfLocked(what: "items" | "bytes" | "size"): number {
    let sum = 0;
    for (const { locked } of this.lanes) {
      sum += locked[what];
    }
    return sum;
  }

  private oldestAgeMs(): number {
    let oldestAtMs = Number.POSITIVE_INFINITY;
    for (const { oldest } of this.lanes) {
      oldestAtMs = Math.min(oldestAtMs, oldest?.admittedAtMs ?? oldestAtMs);
    }
    return this.ageOf(oldestAtMs);
  }

  /** 0 where there is none, at infinity. */
  private ageOf(oldestAtMs: number): number {
    return oldestAtMs === Number.POSITIVE_INFINITY ? 0 : this.options.clock.monotonicMs() - oldestAtMs;
  }

  private laneOf(group: string): BacklogLane<Item, Stored> {
    // FNV-1a: spreads names that differ in their last letter.
    let hash = 0x811c9dc5;
    for (let index = 0; index < group.length; index += 1) {
      hash = Math.imul(hash ^ group.charCodeAt(index), 0x01000193);
    }
    const lane = this.lanes[(hash >>> 0) % this.lanes.length];
    if (!lane) {
      throw new Error("a write buffer needs at least one lane");
    }
    return lane;
  }
}

/** TODO(after Node 22): Promise.withResolvers. */
function promiseWithResolvers<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
