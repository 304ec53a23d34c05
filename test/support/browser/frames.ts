import type { Page } from "playwright-core";

/** Milliseconds between the frames of a page, from now until the answered function is called. */
export async function recordFrames(page: Page): Promise<() => Promise<number[]>> {
  const recording = await page.evaluateHandle(() => {
    const state = { intervals: [] as number[], isOver: false };
    let last = performance.now();
    requestAnimationFrame(function frame(now) {
      state.intervals.push(now - last);
      last = now;
      if (!state.isOver) {
        requestAnimationFrame(frame);
      }
    });
    return state;
  });
  return () =>
    recording.evaluate((state) => {
      state.isOver = true;
      return state.intervals;
    });
}

/** For the record: what no test judges, because it is the machine's as much as ours. */
export function describeFrames(intervals: readonly number[]): string {
  const sorted = intervals.toSorted((a, b) => a - b);
  const at = (part: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1);
  const missed = intervals.filter((interval) => interval > 50).length;
  return `${sorted.length} frames: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms, ${missed} above 50 ms`;
}
