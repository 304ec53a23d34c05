import type { LiveMessage } from "../contract/events";
import { wireBytesOf } from "../contract/wire-size";

/** A live message that has no number here. */
export interface Shown {
  readonly message: LiveMessage;
  readonly shownAtMs: number;
  /** Whoever shows it again has just begun to store it. */
  lastShownAtMs: number;
  /**
   * The tip when it was shown: the numbers up to it were given to others, or to an earlier showing.
   * undefined: it was not known.
   */
  tipWhenShown: number | undefined;
  /** More than one live event had this key: which of them was stored is not known here. */
  isAmbiguous: boolean;
}

/** The newest of what was shown and is not numbered. */
export interface Pending {
  /** In the order in which they were shown. */
  pending: LiveMessage[];
  /** Older ones were left out. */
  hasMorePending: boolean;
}

export const NOTHING_PENDING: Pending = { pending: [], hasMorePending: false };

/** Messages that a list holds at most. */
const MAX_LISTED = 200;
/** What has gone is taken out of the order when it is more than what is there, and more than this. */
const LEAST_GONE = 64;

/** What was shown in one room and is not numbered, in the order in which it was shown. */
export class ShownMessages {
  private readonly entries = new Map<string, Shown>();
  /** The same, and some that have gone. A map is read from its old end only. */
  private order: { key: string; shown: Shown }[] = [];

  get size(): number {
    return this.entries.size;
  }

  has(key: string): boolean {
    return this.entries.has(key);
  }

  add(key: string, message: LiveMessage, shownAtMs: number, tipWhenShown: number | undefined): void {
    const before = this.entries.get(key);
    if (before) {
      before.isAmbiguous = true;
      before.lastShownAtMs = shownAtMs;
      return;
    }
    const shown = { message, shownAtMs, lastShownAtMs: shownAtMs, tipWhenShown, isAmbiguous: false };
    this.entries.set(key, shown);
    this.order.push({ key, shown });
    if (this.order.length > 2 * this.entries.size + LEAST_GONE) {
      this.order = this.order.filter((each) => this.isThere(each));
    }
  }

  /** Takes it out, whatever became of it. */
  remove(key: string): Shown | undefined {
    const shown = this.entries.get(key);
    this.entries.delete(key);
    if (this.entries.size === 0) {
      this.order = [];
    }
    return shown;
  }

  /** What was known when they were shown does not count any more. */
  forgetTips(): void {
    for (const shown of this.entries.values()) {
      shown.tipWhenShown = undefined;
    }
  }

  /** The newest that fit. */
  newest(maxBytes: number): Pending {
    const pending: LiveMessage[] = [];
    let bytes = 0;
    for (let index = this.order.length - 1; index >= 0 && pending.length < this.entries.size; index -= 1) {
      const each = this.order[index];
      if (each && this.isThere(each)) {
        bytes += wireBytesOf(each.shown.message);
        if (bytes > maxBytes || pending.length === MAX_LISTED) {
          break;
        }
        pending.push(each.shown.message);
      }
    }
    return { pending: pending.reverse(), hasMorePending: pending.length < this.entries.size };
  }

  /** What was shown at that time or before, and not again since. */
  shownUntil(ms: number): Shown[] {
    const found: Shown[] = [];
    for (const shown of this.entries.values()) {
      if (shown.shownAtMs > ms) {
        break;
      }
      if (shown.lastShownAtMs <= ms) {
        found.push(shown);
      }
    }
    return found;
  }

  private isThere({ key, shown }: { key: string; shown: Shown }): boolean {
    return this.entries.get(key) === shown;
  }
}
