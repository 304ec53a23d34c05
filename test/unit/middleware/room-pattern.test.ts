import { matchesRoomPattern } from "../../../src/middleware/room-pattern";

it.each([
  ["general", "general"],
  ["*", "general"],
  ["*", "a"],
  ["**", "general"],
  ["team:*", "team:red"],
  ["team:*", "team:"],
  ["*:red", "team:red"],
  ["*general*", "general"],
  ["t*d", "team:red"],
  ["t*m:*d", "team:red"],
  ["a*a", "aa"],
  ["a*b*c", "abc"],
  ["a*b*c", "a-b-b-c"],
  ["a*b*bc", "abbc"],
  ["*ab*ab*", "xabyabz"],
  ["a**c", "abc"],
  ["*aab", "aaab"],
])("fits: %s and %s", (pattern, room) => {
  expect(matchesRoomPattern([pattern], room)).toBe(true);
});

it.each([
  ["general", "general2"],
  ["general", "General"],
  ["general", "xgeneral"],
  ["", "general"],
  ["team:*", "team"],
  ["team:*", "xteam:red"],
  ["*:red", "team:red2"],
  ["a*a", "a"],
  ["ab*ba", "aba"],
  ["a*b*c", "acb"],
  ["a*b*c", "ac"],
  ["a*b*bc", "abc"],
  ["*ab*ab*", "xabz"],
  ["*ab*ab*", "aab"],
  ["*a*a*", "a"],
  // What means something in a regular expression or a shell stands for itself.
  ["gener.l", "general"],
  ["gener?l", "general"],
  ["[g]eneral", "general"],
  ["general|x", "x"],
  ["team.*", "teamred"],
  ["(a)*", "a"],
  ["%", "general"],
])("does not fit: %s and %s", (pattern, room) => {
  expect(matchesRoomPattern([pattern], room)).toBe(false);
});

it("takes a room that any of the patterns fits, and none without patterns", () => {
  expect(matchesRoomPattern(["a", "b*", "c"], "box")).toBe(true);
  expect(matchesRoomPattern(["a", "c*"], "box")).toBe(false);
  expect(matchesRoomPattern([], "box")).toBe(false);
});

it("answers as a search through all ways of filling the stars does", () => {
  // Slow and plain: a star is nothing, or a character and the star again.
  const fits = (pattern: string, room: string): boolean => {
    if (pattern === "") {
      return room === "";
    }
    return pattern[0] === "*"
      ? fits(pattern.slice(1), room) || (room !== "" && fits(pattern, room.slice(1)))
      : pattern[0] === room[0] && fits(pattern.slice(1), room.slice(1));
  };
  const words = (letters: string, length: number): string[] =>
    length === 0
      ? [""]
      : words(letters, length - 1).flatMap((word) => [word, ...[...letters].map((each) => word + each)]);
  const patterns = [...new Set(words("ab*", 5))];
  const rooms = [...new Set(words("ab", 5))].filter((room) => room !== "");

  const differing = patterns.flatMap((pattern) =>
    rooms.filter((room) => matchesRoomPattern([pattern], room) !== fits(pattern, room)).map((room) => [pattern, room]),
  );

  expect(differing).toEqual([]);
});

describe("a hostile pattern", () => {
  /** The longest room and patterns that a token may hold: 200 of 128 characters. A search that backtracks never ends. */
  const room = `${"a".repeat(63)}b`;

  it.each([
    ["stars between the same letter", "a*".repeat(63), true],
    ["stars between the same letter, with another end", `${"a*".repeat(63)}c`, false],
    ["stars before the same letter, with another end", `${"*a".repeat(63)}c`, false],
    ["stars around a letter that is not there", `${"*a".repeat(60)}*c*`, false],
    ["stars around one letter too many", `${"*a".repeat(64)}`, false],
    ["stars alone", "*".repeat(128), true],
    ["stars and the end", `${"*".repeat(127)}b`, true],
  ])("with %s is answered", (_what, pattern, expected) => {
    expect(matchesRoomPattern([pattern], room)).toBe(expected);
  });

  it("is answered 200 times over", () => {
    expect(matchesRoomPattern(Array(200).fill(`*${"a*".repeat(60)}c*`), room)).toBe(false);
  });
});

it("takes a list apart once, however many rooms are held against it", () => {
  const split = jest.spyOn(String.prototype, "split");
  const patterns = Array.from({ length: 24 }, (_, index) => `*a*b*c*${index}`);

  for (let index = 0; index < 1_000; index += 1) {
    matchesRoomPattern(patterns, `room-${index}`);
  }

  const count = split.mock.calls.length;
  split.mockRestore();
  expect(count).toBeLessThanOrEqual(patterns.length);
});
