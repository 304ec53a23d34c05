import type { PresenceChanged, User } from "../contract/events";

/** Joins and leaves named in one `presence_changed`; the rest is cut. */
const MAX_NAMED = 50;

/** Who came and went in a large room since the last `presence_changed`. Who did both is in neither. */
export class PresenceBatch {
  private readonly joined = new Map<string, User>();
  private readonly left = new Set<string>();

  join(user: User): void {
    if (!this.left.delete(user.userId)) {
      this.joined.set(user.userId, user);
    }
  }

  leave(userId: string): void {
    if (!this.joined.delete(userId)) {
      this.left.add(userId);
    }
  }

  get isEmpty(): boolean {
    return this.joined.size === 0 && this.left.size === 0;
  }

  toEvent(room: string, count: number): PresenceChanged {
    const isTruncated = this.joined.size > MAX_NAMED || this.left.size > MAX_NAMED;
    return {
      room,
      joined: [...this.joined.values()].slice(0, MAX_NAMED),
      left: [...this.left].slice(0, MAX_NAMED),
      ...(isTruncated && { truncated: true as const }),
      count,
    };
  }
}
