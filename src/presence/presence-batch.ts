import type { PresenceChanged, User } from "../contract/events";

/** Joins and leaves named in one `presence_changed`; the rest is cut. */
const MAX_NAMED = 50;
/** Joins and leaves that are remembered, so that who did both is in neither: nobody knows for how long a batch waits. */
const MAX_REMEMBERED = 1_000;

/** Who came and went in a room since the last `presence_changed`. Who did both is in neither. */
export class PresenceBatch {
  private readonly joined = new Map<string, User>();
  private readonly left = new Map<string, User>();
  private isCut = false;

  join(user: User): void {
    if (!this.left.delete(user.userId) && this.hasPlace) {
      this.joined.set(user.userId, user);
    }
  }

  leave(user: User): void {
    if (!this.joined.delete(user.userId) && this.hasPlace) {
      this.left.set(user.userId, user);
    }
  }

  /** Somebody who came, or else who went. */
  get someone(): { user: User; step: "joined" | "left" } | undefined {
    const [joined] = this.joined.values();
    const [left] = this.left.values();
    return joined ? { user: joined, step: "joined" } : left && { user: left, step: "left" };
  }

  /** The user is told of elsewhere. Answers whether one was named. */
  forget(userId: string): boolean {
    return this.joined.delete(userId) || this.left.delete(userId);
  }

  /** Drops what does not hold of those who are there. */
  keepTrue(present: ReadonlySet<string>): void {
    for (const userId of this.joined.keys()) {
      if (!present.has(userId)) {
        this.joined.delete(userId);
      }
    }
    for (const userId of this.left.keys()) {
      if (present.has(userId)) {
        this.left.delete(userId);
      }
    }
  }

  /** Drops all but those of these who came. */
  keepJoined(userIds: ReadonlySet<string>): void {
    this.left.clear();
    for (const userId of this.joined.keys()) {
      if (!userIds.has(userId)) {
        this.joined.delete(userId);
      }
    }
  }

  private get hasPlace(): boolean {
    const hasPlace = this.joined.size + this.left.size < MAX_REMEMBERED;
    this.isCut ||= !hasPlace;
    return hasPlace;
  }

  get isEmpty(): boolean {
    return this.joined.size === 0 && this.left.size === 0;
  }

  toEvent(room: string, count: number): PresenceChanged {
    const isTruncated = this.isCut || this.joined.size > MAX_NAMED || this.left.size > MAX_NAMED;
    return {
      room,
      joined: [...this.joined.values()].slice(0, MAX_NAMED),
      left: [...this.left.keys()].slice(0, MAX_NAMED),
      ...(isTruncated && { truncated: true as const }),
      count,
    };
  }
}
