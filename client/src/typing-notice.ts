import type { Clock } from "./clock";

/** The server forwards no more than one in this time, and forgets after twice as long. */
const REPEAT_MS = 3_000;

/** Turns a call at each key into the few notices that the others need. */
export function createTypingNotice({ now }: Pick<Clock, "now">, send: (isTyping: boolean) => void) {
  /** 0: nobody knows of it. */
  let toldAtMs = 0;

  return (isTyping: boolean): void => {
    if (isTyping ? now() - toldAtMs >= REPEAT_MS : toldAtMs > 0) {
      send(isTyping);
      toldAtMs = isTyping ? now() : 0;
    }
  };
}
