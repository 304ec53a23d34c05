import { TestClock } from "../../../src/testing/test-clock";
import { RecentKeys } from "../../../src/write-buffer/recent-keys";

const TRUST_MS = 15_000;
const entryOf = (stored: number) => ({ fingerprint: `print of ${stored}`, stored });

function setup(capacity: number, ...keys: string[]) {
  const clock = new TestClock({ isFrozen: true });
  const recent = new RecentKeys<number>({ capacity, trustMs: TRUST_MS, clock });
  keys.forEach((key, index) => {
    recent.remember(key, entryOf(index));
  });
  const known = (...asked: string[]) => asked.filter((key) => recent.get(key) !== undefined);
  return { recent, known, clock };
}

it("answers with what was remembered", () => {
  const { recent } = setup(2, "1", "2");

  expect(recent.get("2")).toMatchObject({ fingerprint: "print of 1", stored: 1 });
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

it("answers for a while only, and knows later that it was stored once", async () => {
  const { recent, known, clock } = setup(10, "1");
  await clock.advance(TRUST_MS - 1);
  recent.remember("2", entryOf(2));
  expect(known("1", "2")).toEqual(["1", "2"]);

  await clock.advance(1);

  expect(known("1", "2")).toEqual(["2"]);
  expect([recent.has("1"), recent.has("3")]).toEqual([true, false]);
});

it("answers nothing of what was stored before it was doubted", () => {
  const { recent, known } = setup(10, "1", "2");

  recent.doubt();
  recent.remember("2", entryOf(3));

  expect(known("1", "2")).toEqual(["2"]);
  expect(recent.has("1")).toBe(true);
});

it("remembers nothing with a capacity of 0", () => {
  const { known } = setup(0, "1", "2");

  expect(known("1", "2")).toEqual([]);
});
