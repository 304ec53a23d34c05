const FIRST_CEILING_MS = 1_000;
const MAX_CEILING_MS = 30_000;
/** The least part of the ceiling that is waited. */
const FLOOR = 0.2;

/**
 * Milliseconds to wait before the next attempt, after so many: ceilings that double, and a random part of each, also of
 * the last, since without it all clients of a server that was long away come back on the same beat.
 */
export function reconnectDelayMs(attempts: number, random: () => number): number {
  const ceilingMs = Math.min(MAX_CEILING_MS, FIRST_CEILING_MS * 2 ** attempts);
  return ceilingMs * (FLOOR + (1 - FLOOR) * random());
}
