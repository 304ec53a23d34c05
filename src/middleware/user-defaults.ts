import { createHash } from "node:crypto";

/** In UTF-16 code units, as everywhere. */
const MAX_NAME_LENGTH = 64;

/** Dark enough for white paper, light enough for a dark screen; apart enough to be told from each other. */
const COLORS = [
  ...["#c0392b", "#d35400", "#b7791f", "#7d8f1d", "#2f855a", "#148f77"],
  ...["#1f8fb5", "#3b7dd8", "#5b6ee1", "#8e5bd0", "#b34fb0", "#c2497b"],
];

/** The colour of a user whose token names none: always the same one. */
export function colorOfUser(userId: string): string {
  const [byte = 0] = createHash("sha256").update(userId).digest();
  return COLORS[byte % COLORS.length] ?? "#3b7dd8";
}

/** The name of a user who has none: the id. */
export function usernameOf(userId: string): string {
  return nameWithin(userId);
}

/** No longer than a name may be, and with no half of a character at its end. */
export function nameWithin(text: string): string {
  return text.slice(0, MAX_NAME_LENGTH).replace(/[\uD800-\uDBFF]$/, "");
}
