/** Resolves when the next one may go; at most `perSecond` a second, all callers together. */
export type Pacer = () => Promise<void>;

/** undefined: no ceiling. */
export function createPacer(perSecond: number | undefined): Pacer {
  if (perSecond === undefined) {
    return async () => {};
  }
  const intervalMs = 1_000 / perSecond;
  let nextAtMs = performance.now();
  return async () => {
    const nowMs = performance.now();
    // What was not used before is gone: a ceiling, not an average.
    nextAtMs = Math.max(nextAtMs, nowMs) + intervalMs;
    const waitMs = nextAtMs - intervalMs - nowMs;
    if (waitMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  };
}
