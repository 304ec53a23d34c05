import { COLOR_PATTERN } from "../../../src/contract/names";
import { colorOfUser } from "../../../src/middleware/user-defaults";

const USERS = Array.from({ length: 500 }, (_, index) => `user-${index}`);

it("is the same for a user on every node and after every update", () => {
  // Pinned: another color here is another color for everybody.
  expect(["alice", "bob", "carol", ""].map(colorOfUser)).toEqual(["#3b7dd8", "#8e5bd0", "#2f855a", "#c2497b"]);
});

it("looks as a color does on the wire", () => {
  expect(USERS.map(colorOfUser).filter((color) => !COLOR_PATTERN.test(color))).toEqual([]);
});

it("uses all twelve, none of them much more than the others", () => {
  const counts = new Map<string, number>();
  for (const color of USERS.map(colorOfUser)) {
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }

  expect(counts.size).toBe(12);
  expect(Math.max(...counts.values())).toBeLessThan((2 * USERS.length) / 12);
});

it("takes ids of any characters", () => {
  expect(colorOfUser("张伟😀")).toMatch(COLOR_PATTERN);
});
