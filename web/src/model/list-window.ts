/** The part of a list that is in the page: `from` up to, not including, `to`. */
export interface ListWindow {
  from: number;
  to: number;
}

/** Shown at the end of the list. */
export const PAGE = 120;
/** Grows or moves by so many. */
export const STEP = 80;
/** More are never in the page at once. */
export const MOST = 320;

/** The window that begins at `from`; undefined: the newest page. */
export function windowAt(length: number, from: number | undefined): ListWindow {
  if (from === undefined || from < 0) {
    return { from: Math.max(0, length - PAGE), to: length };
  }
  return { from, to: Math.min(length, from + MOST) };
}

/** Where the window begins when its reader comes near its top. */
export function stepUp({ from }: ListWindow): number {
  return Math.max(0, from - STEP);
}

/** Where it begins when its reader comes near its end, and there is more. */
export function stepDown({ from, to }: ListWindow, length: number): number {
  return from + Math.min(STEP, length - to);
}
