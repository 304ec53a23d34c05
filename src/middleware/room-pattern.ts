import { ROOM_NAME_PATTERN } from "../contract/names";

type Matcher = (room: string) => boolean;

/** By the list that a token or a key holds: it is taken apart once, however many rooms are held against it. */
const matchers = new WeakMap<readonly string[], Matcher>();

/**
 * True when one of the patterns fits the whole name; `*` stands for any run of characters, also an empty one.
 * A list must not change after it was given here.
 */
export function matchesRoomPattern(patterns: readonly string[], room: string): boolean {
  let matcher = matchers.get(patterns);
  if (!matcher) {
    matcher = createMatcher(patterns);
    matchers.set(patterns, matcher);
  }
  return matcher(room);
}

function createMatcher(patterns: readonly string[]): Matcher {
  const names = new Set<string>();
  const others: Matcher[] = [];
  for (const pattern of new Set(patterns)) {
    // A run of stars is one, and a name without stars needs no search.
    const [head = "", ...rest] = pattern.replaceAll(/\*+/g, "*").split("*");
    const tail = rest.pop();
    if (tail !== undefined) {
      others.push(createStarMatcher(head, rest, tail));
    } else if (ROOM_NAME_PATTERN.test(pattern)) {
      names.add(pattern);
    }
  }
  return (room) => names.has(room) || others.some((matches) => matches(room));
}

/** Without a regular expression: a pattern comes from outside, and many stars would make one slow. */
function createStarMatcher(head: string, pieces: readonly string[], tail: string): Matcher {
  const leastLength = [head, ...pieces, tail].reduce((length, piece) => length + piece.length, 0);
  return (room) => {
    if (room.length < leastLength || !room.startsWith(head) || !room.endsWith(tail)) {
      return false;
    }
    // Each piece between two stars at its first place leaves the most to the others.
    let from = head.length;
    const end = room.length - tail.length;
    for (const piece of pieces) {
      const at = room.indexOf(piece, from);
      if (at < 0 || at + piece.length > end) {
        return false;
      }
      from = at + piece.length;
    }
    return true;
  };
}
