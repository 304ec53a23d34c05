/** Between attempts after an error: doubling, short enough for the first commit within a second of the database's return. */
const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 500;
/** The other side of a deadlock or of a race for one key needs a moment only. */
const REPEAT_DELAY_MS = 5;

/** Delay before attempt `failures` + 1, with jitter, so that lanes and nodes do not come back in step. */
export function retryDelayMs(failures: number, random: () => number): number {
  const ceiling = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS);
  return ceiling * (0.5 + random() / 2);
}

/** Delay before a batch that lost a race is written again. */
export function repeatDelayMs(failures: number, random: () => number): number {
  return Math.min(REPEAT_DELAY_MS * failures, MAX_DELAY_MS) * random();
}
