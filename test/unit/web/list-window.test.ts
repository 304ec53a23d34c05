import { MOST, PAGE, STEP, stepDown, stepUp, windowAt } from "../../../web/src/model/list-window";

it("shows the newest page, and all of a short list", () => {
  expect(windowAt(5_000, undefined)).toEqual({ from: 5_000 - PAGE, to: 5_000 });
  expect(windowAt(3, undefined)).toEqual({ from: 0, to: 3 });
});

it("comes to every message on the way up and back, with never too many in the page", () => {
  const length = 5_000;
  const seen = new Set<number>();
  let part = windowAt(length, undefined);
  const look = (): void => {
    expect(part.to - part.from).toBeLessThanOrEqual(MOST);
    for (let index = part.from; index < part.to; index += 1) {
      seen.add(index);
    }
  };
  for (look(); part.from > 0; look()) {
    part = windowAt(length, stepUp(part));
  }
  expect(seen.size).toBe(length);

  for (let steps = 0; part.to < length; steps += 1) {
    expect(steps).toBeLessThan(length / STEP + 1);
    part = windowAt(length, stepDown(part, length));
    look();
  }
});

it("overlaps with the window before, so that the place can be kept", () => {
  const part = windowAt(1_000, 500);
  const above = windowAt(1_000, stepUp(part));

  expect(above.to).toBeGreaterThan(part.from);
});
