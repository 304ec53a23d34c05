import { AnnouncedNumbers } from "../../../src/room-log/announced-numbers";
import { createRandom } from "../../support/random";

it("goes up to the first hole, in whatever order the numbers come (seeded)", () => {
  const random = createRandom(3);
  for (let round = 0; round < 200; round += 1) {
    const first = Math.floor(random() * 50);
    const numbers = Array.from({ length: 30 }, (_, index) => first + 1 + index).filter(() => random() < 0.9);
    const announced = new AnnouncedNumbers();
    announced.begin(first);
    for (const seq of numbers.toSorted(() => random() - 0.5)) {
      announced.add(seq);
      announced.add(seq);
    }
    let expected = first;
    while (numbers.includes(expected + 1)) {
      expected += 1;
    }
    expect(announced.upTo).toBe(expected);
  }
});

it("keeps what was told before it was known where to begin", () => {
  const announced = new AnnouncedNumbers();
  for (const seq of [4, 5, 6, 9]) {
    announced.add(seq);
  }
  expect(announced.upTo).toBe(0);

  announced.begin(5);

  expect(announced.upTo).toBe(6);
  announced.clear();
  expect(announced.upTo).toBe(0);
});
