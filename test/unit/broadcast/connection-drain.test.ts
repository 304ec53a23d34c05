import { announceDraining, closeInSlices } from "../../../src/broadcast/connection-drain";
import { TestClock } from "../../../src/testing/test-clock";

describe("announceDraining", () => {
  function announce(spreadMs: number, randoms: readonly number[]) {
    const told: unknown[] = [];
    const sockets = randoms.map(() => ({ emit: (...args: unknown[]) => told.push(args) }));
    const left = [...randoms];
    announceDraining(new Set(sockets), spreadMs, () => left.shift() ?? 0);
    return told;
  }

  it("tells every socket to reconnect after a time of its own, within the spread", () => {
    expect(announce(5_000, [0, 0.5, 0.99999])).toEqual([
      ["draining", { reconnectAfterMs: 0 }],
      ["draining", { reconnectAfterMs: 2_500 }],
      ["draining", { reconnectAfterMs: 5_000 }],
    ]);
  });

  it("names whole milliseconds", () => {
    expect(announce(1_000, [0.123456])).toEqual([["draining", { reconnectAfterMs: 123 }]]);
  });

  it("tells them to reconnect at once without a spread", () => {
    expect(announce(0, [0.7])).toEqual([["draining", { reconnectAfterMs: 0 }]]);
  });
});

describe("closeInSlices", () => {
  function setup(count: number) {
    const clock = new TestClock({ isFrozen: true });
    const closed: number[] = [];
    const connections = Array.from({ length: count }, (_, index) => ({ close: () => closed.push(index) }));
    let isDone = false;
    const done = closeInSlices(connections, clock).then(() => {
      isDone = true;
    });
    return { clock, closed, done, isDone: () => isDone };
  }

  it("closes the first tenth at once and another every 50 ms, each connection once", async () => {
    const { clock, closed, done } = setup(100);
    const sizes = [closed.length];
    for (let slice = 1; slice < 10; slice += 1) {
      await clock.advance(49);
      expect(closed).toHaveLength(slice * 10);
      await clock.advance(1);
      sizes.push(closed.length);
    }
    await clock.advance(50);
    await done;

    expect(sizes).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(closed).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it.each([1, 5, 9, 11, 25, 101])("closes all of %i in ten slices at most", async (count) => {
    const { clock, closed, isDone } = setup(count);

    await clock.advance(10 * 50);

    expect(closed).toEqual(Array.from({ length: count }, (_, index) => index));
    expect(isDone()).toBe(true);
  });

  it("is done only after the last slice had its time", async () => {
    const { clock, isDone } = setup(1);

    await clock.advance(49);
    expect(isDone()).toBe(false);
    await clock.advance(1);
    expect(isDone()).toBe(true);
  });

  it("is done at once without connections", async () => {
    const { done } = setup(0);

    await expect(done).resolves.toBeUndefined();
  });
});
