import { until } from "../../../src/testing/until";

function setup(first: number) {
  const listeners = new Set<() => void>();
  let value = first;
  return {
    listeners,
    store: {
      getSnapshot: () => value,
      subscribe(listener: () => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    become(next: number) {
      value = next;
      for (const listener of listeners) {
        listener();
      }
    },
  };
}

it("resolves with the snapshot of now when it fits, and listens no longer", async () => {
  const { store, listeners } = setup(3);

  expect(await until(store, (value) => value === 3)).toBe(3);
  expect(listeners.size).toBe(0);
});

it("resolves with the first later one that fits, and keeps to it", async () => {
  const { store, listeners, become } = setup(0);
  const found = until(store, (value) => value > 1);
  for (const value of [1, 2, 3]) {
    become(value);
  }

  expect(await found).toBe(2);
  expect(listeners.size).toBe(0);
});

it("rejects with the last one when none fits in time", async () => {
  const { store, listeners, become } = setup(0);
  const found = until(store, (value) => value > 1, 10);
  become(1);

  await expect(found).rejects.toThrow("no snapshot fits: 1");
  expect(listeners.size).toBe(0);
});
