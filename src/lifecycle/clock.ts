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

/** A timer of Node's, again and again for long delays. As small as it can be: sockets have one each. */
class SystemTimer implements Timer {
  private handle: NodeJS.Timeout;

  constructor(
    private readonly callback: () => void,
    private remainingMs: number,
  ) {
    this.handle = this.arm();
  }

  clear(): void {
    clearTimeout(this.handle);
  }

  private arm(): NodeJS.Timeout {
    const sliceMs = Math.min(this.remainingMs, MAX_NODE_DELAY_MS);
    this.remainingMs -= sliceMs;
    return setTimeout(SystemTimer.elapse, sliceMs, this).unref();
  }

  private static elapse(timer: SystemTimer): void {
    if (timer.remainingMs > 0) {
      timer.handle = timer.arm();
    } else {
      timer.callback();
    }
  }
}

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),

  setTimer: (callback, delayMs) => new SystemTimer(callback, Math.max(0, delayMs)),

  setRepeating(callback, intervalMs) {
    const handle = setInterval(callback, intervalMs);
    handle.unref();
    return { clear: () => clearInterval(handle) };
  },
};
