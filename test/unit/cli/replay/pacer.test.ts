import { createPacer } from "../../../../src/cli/replay/pacer";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Calls of a pacer, and how many of them may have gone on. */
function setup(perSecond: number | undefined) {
  const pace = createPacer(perSecond);
  let gone = 0;
  const ask = (times: number): void => {
    for (let index = 0; index < times; index += 1) {
      void pace().then(() => {
        gone += 1;
      });
    }
  };
  const goneAfter = async (ms: number): Promise<number> => {
    await jest.advanceTimersByTimeAsync(ms);
    return gone;
  };
  return { ask, goneAfter };
}

it("holds nobody up without a ceiling", async () => {
  const { ask, goneAfter } = setup(undefined);

  ask(1_000);

  expect(await goneAfter(0)).toBe(1_000);
});

it("lets the first go at once, and each other an interval later", async () => {
  const { ask, goneAfter } = setup(10);

  ask(5);

  expect(await goneAfter(0)).toBe(1);
  expect(await goneAfter(99)).toBe(1);
  expect(await goneAfter(1)).toBe(2);
  expect(await goneAfter(200)).toBe(4);
  expect(await goneAfter(100)).toBe(5);
});

it("counts all callers together, whenever they come", async () => {
  const { ask, goneAfter } = setup(10);
  ask(2);
  await goneAfter(50);
  ask(2);

  expect(await goneAfter(50)).toBe(2);
  expect(await goneAfter(100)).toBe(3);
  expect(await goneAfter(100)).toBe(4);
});

it("does not save up what was not used", async () => {
  const { ask, goneAfter } = setup(10);
  ask(1);
  await goneAfter(60_000);

  ask(3);

  expect(await goneAfter(0)).toBe(2);
  expect(await goneAfter(99)).toBe(2);
  expect(await goneAfter(1)).toBe(3);
});

it.each([0.5, 1, 20, 500])("lets no more go in 10 s than %d a second", async (perSecond) => {
  const { ask, goneAfter } = setup(perSecond);

  // A few more than may go.
  ask(perSecond * 10 + 20);

  expect(await goneAfter(9_999)).toBe(perSecond * 10);
});
