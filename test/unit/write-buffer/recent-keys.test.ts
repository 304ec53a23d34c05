import { RecentKeys } from "../../../src/write-buffer/recent-keys";

const entryOf = (stored: number, group = "a") => ({ fingerprint: `print of ${stored}`, group, stored });

function setup(capacity: number, ...keys: string[]) {
  const recent = new RecentKeys<number>(capacity);
  keys.forEach((key, index) => {
    recent.remember(key, entryOf(index));
  });
  const known = (...asked: string[]) => asked.filter((key) => recent.get(key) !== undefined);
  return { recent, known };
}

it("answers with what was remembered", () => {
  const { recent } = setup(2, "1", "2");

  expect(recent.get("2")).toEqual({ fingerprint: "print of 1", group: "a", stored: 1 });
  expect(recent.get("3")).toBeUndefined();
});

it("lets the oldest go first", () => {
  const { known } = setup(3, "1", "2", "3", "4", "5");

  expect(known("1", "2", "3", "4", "5")).toEqual(["3", "4", "5"]);
});

it("counts a key that is remembered again as young, with its new entry", () => {
  const { recent, known } = setup(3, "1", "2", "3");

  recent.remember("1", entryOf(10));
  recent.remember("4", entryOf(11));

  expect(known("1", "2", "3", "4")).toEqual(["1", "3", "4"]);
  expect(recent.get("1")?.stored).toBe(10);
});

it("does not count being asked for as being young", () => {
  const { recent, known } = setup(2, "1", "2");

  recent.get("1");
  recent.remember("3", entryOf(10));

  expect(known("1", "2", "3")).toEqual(["2", "3"]);
});

it("forgets the keys of one group only", () => {
  const { recent, known } = setup(10, "1", "2");
  recent.remember("3", entryOf(3, "b"));
  recent.remember("4", entryOf(4, "a"));

  recent.forget("a");

  expect(known("1", "2", "3", "4")).toEqual(["3"]);
});

it("remembers nothing with a capacity of 0", () => {
  const { known } = setup(0, "1", "2");

  expect(known("1", "2")).toEqual([]);
});
