import type { Clock, Timer } from "./clock";

/** A timer that is so late says that this process stood still: a long computation, or no processor for it. */
export const STILL_AFTER_MS = 250;

/**
 * Calls after `delayMs` in which this process could have read an answer. Timers go before what has come meanwhile: after a
 * standstill a deadline would otherwise pass over an answer that is there, and is taken for the other side's silence.
 */
export function setAwakeTimer(
  clock: Pick<Clock, "monotonicMs" | "setTimer">,
  callback: () => void,
  delayMs: number,
): Timer {
  let isCleared = false;
  let timer = arm();
  return {
    clear() {
      isCleared = true;
      timer.clear();
    },
  };

  function arm(): Timer {
    const dueMs = clock.monotonicMs() + delayMs;
    return clock.setTimer(() => {
      if (clock.monotonicMs() - dueMs > STILL_AFTER_MS) {
        timer = arm();
        return;
      }
      // What has come in this turn of the event loop is read first.
      setImmediate(() => isCleared || callback());
    }, delayMs);
  }
}
