/**
 * A UUIDv7: ids that were made one after the other stand near each other in the table's index. It is no secret, and
 * must be unique among its user's only, so Math.random will do: `crypto.randomUUID` is missing in pages that are not
 * secure, and in React Native.
 */
export function createId(nowMs: number, random: () => number): string {
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  const time = nowMs.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(12)}`;
}
