import type { RoomEmitter } from "../broadcast/room-emitter";
import type { RoomfulConfig } from "../config/config";
import type { User } from "../contract/events";
import type { Clock, Timer } from "../lifecycle/clock";

export interface TypingTrackerOptions {
  emitter: Pick<RoomEmitter, "emit">;
  config: RoomfulConfig["typing"];
  clock: Clock;
}

interface Typing {
  user: User;
  toldAtMs: number;
  expiry: Timer;
}

/** Tells rooms who is typing, and ends it by itself when nothing more is heard. One for each namespace. */
export class TypingTracker {
  private readonly typings = new Map<string, Typing>();

  constructor(private readonly options: TypingTrackerOptions) {}

  /** Forwards `true` at most once in `repeatMs`, `false` always. */
  typing(room: string, user: User, isTyping: boolean): void {
    const key = keyOf(room, user.userId);
    const known = this.typings.get(key);
    known?.expiry.clear();
    if (!isTyping) {
      this.typings.delete(key);
      this.tell(room, user, false);
      return;
    }
    const { clock, config } = this.options;
    const nowMs = clock.monotonicMs();
    const isRepeat = known !== undefined && nowMs - known.toldAtMs < config.repeatMs;
    const expiry = clock.setTimer(() => this.typing(room, user, false), config.expiryMs);
    this.typings.set(key, { user, toldAtMs: isRepeat ? known.toldAtMs : nowMs, expiry });
    if (!isRepeat) {
      this.tell(room, user, true);
    }
  }

  /** The user left the room. */
  stopTyping(room: string, userId: string): void {
    const known = this.typings.get(keyOf(room, userId));
    if (known) {
      this.typing(room, known.user, false);
    }
  }

  stop(): void {
    for (const { expiry } of this.typings.values()) {
      expiry.clear();
    }
    this.typings.clear();
  }

  private tell(room: string, { userId, username }: User, isTyping: boolean): void {
    // Only `true` is volatile: Socket.IO drops a volatile event that follows another packet in the same turn of the
    // event loop, and a lost `false`, sent together with the message, would leave somebody typing.
    this.options.emitter.emit(
      room,
      "typing",
      { room, userId, username, isTyping },
      { exceptUser: userId, isVolatile: isTyping },
    );
  }
}

/** Room names hold no space. */
function keyOf(room: string, userId: string): string {
  return `${room} ${userId}`;
}
