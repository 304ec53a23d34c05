import type { ServerPayload, User } from "../../src/contract/events";
import type { Clock, Timer } from "./clock";
import type { RoomSnapshot } from "./types";

/** The server ends typing after 6 s, and says so; this is for when its word is lost. */
const TYPING_TIMEOUT_MS = 8_000;

/** Who is in a room, and who of them is typing. The lists are replaced, never changed. */
export function createRoomPresence(clock: Clock, onChange: () => void) {
  const timers = new Map<string, Timer>();
  let state: Pick<RoomSnapshot, "members" | "memberCount" | "typing"> = { members: [], memberCount: 0, typing: [] };

  function replace({ users, count }: { users: readonly User[]; count: number }): void {
    state = { ...state, members: users, memberCount: count };
  }

  function stopTyping(userId: string): void {
    timers.get(userId)?.clear();
    if (timers.delete(userId)) {
      state = { ...state, typing: state.typing.filter((each) => each.userId !== userId) };
    }
  }

  return {
    get state() {
      return state;
    },
    /** The list as the server has it: whole in rooms of up to 100. */
    replace,
    stopTyping,

    applyChange({ joined, left, count, truncated }: ServerPayload<"presence_changed">): void {
      const told = new Set([...left, ...joined.map(({ userId }) => userId)]);
      // Of a change that was cut, nobody knows who else has left: better to name few than those who are gone.
      const others = state.members.filter(({ userId }) => !truncated && !told.has(userId));
      replace({ users: [...others, ...joined], count });
      left.forEach(stopTyping);
    },

    applyTyping({ userId, username, isTyping }: ServerPayload<"typing">): void {
      stopTyping(userId);
      if (isTyping) {
        state = { ...state, typing: [...state.typing, { userId, username }] };
        const expire = (): void => {
          stopTyping(userId);
          onChange();
        };
        timers.set(userId, clock.setTimer(expire, TYPING_TIMEOUT_MS));
      }
    },

    /** Nothing is heard any more. */
    silence(): void {
      [...timers.keys()].forEach(stopTyping);
    },
  };
}
