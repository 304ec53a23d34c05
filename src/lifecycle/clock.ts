/** A timer that was set and may be cleared. */
export interface Timer {
  clear(): void;
}

/**
 * Time, as the parts of Roomful see it, so that a test can move it.
 *
 * `now` is the wall clock (what people and tokens see) and may jump; `monotonicMs` never
 * goes back and is what durations are measured with. Timers do not keep the process alive.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some moment in the past. */
  monotonicMs(): number;
  /** Calls once after `delayMs`. A delay above 2^31-1 ms is honoured, unlike Node's, which would fire at once. */
  setTimer(callback: () => void, delayMs: number): Timer;
  /** Calls every `intervalMs` until cleared. */
  setRepeating(callback: () => void, intervalMs: number): Timer;
}

const MAX_NODE_DELAY_MS = 2 ** 31 - 1;

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),

  setTimer(callback, delayMs) {
    let handle: NodeJS.Timeout;
    const arm = (remainingMs: number): void => {
      const sliceMs = Math.min(remainingMs, MAX_NODE_DELAY_MS);
      handle = setTimeout(() => (remainingMs > sliceMs ? arm(remainingMs - sliceMs) : callback()), sliceMs);
      handle.unref();
    };
    arm(Math.max(0, delayMs));
    return { clear: () => clearTimeout(handle) };
  },

  setRepeating(callback, intervalMs) {
    const handle = setInterval(callback, intervalMs);
    handle.unref();
    return { clear: () => clearInterval(handle) };
  },
};
