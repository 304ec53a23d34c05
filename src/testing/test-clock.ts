import { type Clock, systemClock, type Timer } from "../lifecycle/clock";

interface Armed {
  dueMs: number;
  callback: () => void;
  intervalMs: number | undefined;
  real: Timer | undefined;
}

export interface TestClockOptions {
  /** Time moves by `advance` only. */
  isFrozen?: boolean;
}

/** Real time plus what a test has skipped, so that sockets live on while our own timers are moved. */
export class TestClock implements Clock {
  private readonly armed = new Set<Armed>();
  private readonly startedAtMs = Date.now();
  private offsetMs = 0;

  constructor(private readonly options: TestClockOptions = {}) {}

  now(): number {
    return this.startedAtMs + Math.round(this.monotonicMs());
  }

  monotonicMs(): number {
    return this.offsetMs + (this.options.isFrozen ? 0 : Date.now() - this.startedAtMs);
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    return this.arm(callback, delayMs, undefined);
  }

  setRepeating(callback: () => void, intervalMs: number): Timer {
    return this.arm(callback, intervalMs, intervalMs);
  }

  /** Skips time; what falls due is called in the order of its time, each with a turn of the event loop after it. */
  async advance(ms: number): Promise<void> {
    const endMs = this.monotonicMs() + ms;
    for (;;) {
      const next = this.nextDue();
      if (!next || next.dueMs > endMs) {
        break;
      }
      this.offsetMs += Math.max(0, next.dueMs - this.monotonicMs());
      this.fire(next);
      await turnOfEventLoop();
    }
    this.offsetMs += Math.max(0, endMs - this.monotonicMs());
    for (const armed of this.armed) {
      this.armReal(armed);
    }
    await turnOfEventLoop();
  }

  private arm(callback: () => void, delayMs: number, intervalMs: number | undefined): Timer {
    const armed: Armed = { dueMs: this.monotonicMs() + Math.max(0, delayMs), callback, intervalMs, real: undefined };
    this.armed.add(armed);
    this.armReal(armed);
    return {
      clear: () => {
        armed.real?.clear();
        this.armed.delete(armed);
      },
    };
  }

  private armReal(armed: Armed): void {
    armed.real?.clear();
    if (!this.options.isFrozen) {
      armed.real = systemClock.setTimer(() => this.fire(armed), armed.dueMs - this.monotonicMs());
    }
  }

  private fire(armed: Armed): void {
    if (!this.armed.has(armed)) {
      return;
    }
    armed.real?.clear();
    if (armed.intervalMs === undefined) {
      this.armed.delete(armed);
    } else {
      armed.dueMs += armed.intervalMs;
      this.armReal(armed);
    }
    armed.callback();
  }

  private nextDue(): Armed | undefined {
    let next: Armed | undefined;
    for (const armed of this.armed) {
      if (!next || armed.dueMs < next.dueMs) {
        next = armed;
      }
    }
    return next;
  }
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
