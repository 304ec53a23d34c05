import { type EventLoopUtilization, performance } from "node:perf_hooks";

/** How long the event loop has been busy and idle since some moment, in milliseconds. */
export type LoopTimes = Pick<EventLoopUtilization, "active" | "idle">;

/** One round of writes. */
export interface Round {
  durationMs: number;
  /** How many packets it wrote, to how many connections. */
  packets: number;
  connections: number;
}

/** No window below the first share of the processor's time, the longest from the second on. */
const QUIET_LOAD = 0.75;
const FULL_LOAD = 1;
/** The load is that of about so many milliseconds. */
const MEMORY_MS = 150;

/**
 * How long the next round of writes may be put off: nothing while the process is quiet, `maxMs` when it would be busy all
 * the time if every packet were a write of its own. That load does not change with the window itself, so the window does
 * not swing.
 */
export class PacingWindow {
  /** Decaying sums: what the processor would have done without pacing, and the time that it had. */
  private neededMs = 0;
  private wallMs = 0;
  private last: LoopTimes;

  constructor(
    private readonly maxMs: number,
    private readonly loopTimes: () => LoopTimes = () => performance.eventLoopUtilization(),
  ) {
    this.last = loopTimes();
  }

  /** The time in milliseconds from the end of this round to the beginning of the next. */
  after({ durationMs, packets, connections }: Round): number {
    const now = this.loopTimes();
    const activeMs = now.active - this.last.active;
    const wallMs = activeMs + now.idle - this.last.idle;
    this.last = now;
    const savedMs = durationMs * (packets / connections - 1);
    const kept = Math.exp(-wallMs / MEMORY_MS);
    this.neededMs = this.neededMs * kept + activeMs + savedMs;
    this.wallMs = this.wallMs * kept + wallMs;
    const load = this.wallMs > 0 ? this.neededMs / this.wallMs : 0;
    const share = (load - QUIET_LOAD) / (FULL_LOAD - QUIET_LOAD);
    return Math.min(Math.max(share, 0), 1) * this.maxMs;
  }
}
