/** True when one of the patterns fits the whole name; `*` stands for any run of characters, also an empty one. */
export function matchesRoomPattern(patterns: readonly string[], room: string): boolean {
  return patterns.some((pattern) => matches(pattern, room));
}

/** Without a regular expression: a pattern comes from outside, and many stars would make one slow. */
function matches(pattern: string, room: string): boolean {
  const [head = "", ...rest] = pattern.split("*");
  const tail = rest.pop();
  if (tail === undefined) {
    return room === pattern;
  }
  if (!room.startsWith(head) || !room.endsWith(tail) || room.length < head.length + tail.length) {
    return false;
  }
  // Each piece between two stars at its first place leaves the most to the others.
  let from = head.length;
  const end = room.length - tail.length;
  for (const piece of rest) {
    const at = room.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) {
      return false;
    }
    from = at + piece.length;
  }
  return true;
}
