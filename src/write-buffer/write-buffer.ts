import type { RoomfulError } from "../contract/roomful-error";

/**
 * Collects items from handlers and writes them in batches, so that a burst costs few
 * round trips and live delivery never waits for the database.
 *
 * States:
 *
 * - open: `admit` accepts; a lane flushes at `maxBatchSize` items or `flushIntervalMs` after its first.
 * - full: items, bytes or the age of the oldest reached a limit (without those of locked groups, see below); `admit` throws OVERLOADED until
 *   each is below half of its limit. Two marks keep it from flapping at one.
 * - draining: `stop()` was called; `admit` throws DRAINING, the backlog is written out.
 * - stopped: the backlog is empty, or `drainTimeoutMs` passed and the rest stays unanswered.
 *
 * A batch stays at the front of its lane, in order, until it is stored or its items are rejected.
 * After an error nobody knows whether it was committed: it is written again as it was, so
 * writing must be safe to repeat. A batch that can never succeed is bisected; the items to
 * blame are rejected, the others stored. At any time admitted = stored + rejected + backlog.
 *
 * A group that somebody else holds leaves its lane with all that waits in it, and is tried again by itself. What is admitted of
 * it then counts against limits of its own: it alone is OVERLOADED, and never the others because of it.
 */
export interface WriteBuffer<Item, Stored> {
  /**
   * The admission of an item with the same key that is in the backlog or was stored a moment ago.
   * Throws IDEMPOTENCY_CONFLICT when its fingerprint differs.
   */
  find(item: Item): Admission<Stored> | undefined;
  /** Adds one item, without I/O, or answers what `find` answers. Throws OVERLOADED when full, DRAINING when stopping. */
  admit(item: Item): Admission<Stored>;
  /** An item of the same key was stored once. Where `find` does not answer, only writing it tells whether it still is. */
  wasStored(item: Item): boolean;
  /** An item of this key is in the backlog. */
  isWaiting(key: string): boolean;
  /** What is in the backlog of a group, in the order of admission. */
  backlogOf(group: string): Item[];
  /** What was stored may be gone: keys of stored items are not answered from memory any more. */
  doubt(): void;
  readonly counts: WriteBufferCounts;
}

export interface Admission<Stored> {
  /** The same key is already in the backlog or was stored a moment ago: do not show it again. */
  isDuplicate: boolean;
  /** Resolves after the commit; rejects with the reason why the item will never be stored. Stays open otherwise. */
  stored: Promise<Stored>;
}

export interface WriteBufferCounts {
  /** Since the start. */
  admitted: number;
  stored: number;
  rejected: number;
  /** Items admitted and neither stored nor rejected, the batch being written included. */
  backlog: number;
  backlogBytes: number;
  /** Age of the oldest of the backlog that waits for nothing but its turn; 0 when there is none. */
  oldestAgeMs: number;
  /** Groups that somebody else holds, and the age of the oldest that waits for one. */
  lockedGroups: number;
  lockedOldestAgeMs: number;
}

/** What became of one item. */
export type Settlement<Item, Stored> = { item: Item; stored: Stored } | { item: Item; rejected: RoomfulError };

/** What is known of an item besides the item itself. */
export interface ItemTraits<Item> {
  /** Items with the same key are one. */
  keyOf(item: Item): string;
  /** Two items with one key and different fingerprints are in conflict. */
  fingerprintOf(item: Item): string;
  /** Items of one group are written in the order of their admission. */
  groupOf(item: Item): string;
  bytesOf(item: Item): number;
}

/** Where batches go. */
export interface BatchWriter<Item, Stored> {
  /**
   * Writes all groups or nothing, but those that somebody else holds: null for their items, which are not written. Answers one
   * result an item, in order.
   *
   * @param isRepeat an earlier attempt may have committed.
   * @param mayWait for a group that somebody else holds; only so long that the others bear it.
   */
  writeBatch(items: readonly Item[], isRepeat: boolean, mayWait: boolean): Promise<readonly (Stored | null)[]>;
  /** The reason why a written item counts as rejected, if it does. */
  rejectionOf(result: Stored): RoomfulError | undefined;
  /** `repeat`: at once; `retry`: later; `poison`: some item can never be written. */
  classifyError(error: unknown): "repeat" | "retry" | "poison";
}
