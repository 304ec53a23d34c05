import { createSecretKey, type KeyObject } from "node:crypto";

import { JwksKeys } from "../../../src/middleware/jwks-keys";
import { TestClock } from "../../../src/testing/test-clock";

const keyOf = (text: string): KeyObject => createSecretKey(Buffer.from(text));

function setup() {
  const clock = new TestClock({ isFrozen: true });
  const source = { keys: { a: keyOf("a") } as Record<string, KeyObject>, isDown: false, hits: 0 };
  const errors: unknown[] = [];
  const keys = new JwksKeys({
    async fetchKeys() {
      source.hits += 1;
      if (source.isDown) {
        throw new Error("the source is down");
      }
      return Object.entries(source.keys).map(([kid, key]) => ({ kid, key }));
    },
    clock,
    onError: (error) => errors.push(error),
  });
  return { clock, source, errors, keys };
}

it("fetches at the first token, and once for all that come together", async () => {
  const { source, keys } = setup();
  const found = await Promise.all([keys.find("a"), keys.find("a"), keys.find("b")]);

  expect(found).toEqual([source.keys["a"], source.keys["a"], undefined]);
  expect(source.hits).toBe(1);
});

it("fetches again for an unknown kid, at most every 30 s", async () => {
  const { clock, source, keys } = setup();
  await keys.find("a");
  source.keys["b"] = keyOf("b");
  await clock.advance(29_000);
  expect(await keys.find("b")).toBeUndefined();
  expect(source.hits).toBe(1);

  await clock.advance(1_000);

  expect(await keys.find("b")).toBe(source.keys["b"]);
  expect(source.hits).toBe(2);
});

it("lets a known kid wait for nothing while the keys are fetched anew", async () => {
  const { clock, source, keys } = setup();
  const first = await keys.find("a");
  await clock.advance(301_000);
  source.keys = {};

  expect(await keys.find("a")).toBe(first);
  await clock.advance(0);
  expect(source.hits).toBe(2);
  // Withdrawn at the source.
  expect(await keys.find("a")).toBeUndefined();
});

it("keeps keys for ten minutes when the source is down, then says that it cannot tell", async () => {
  const { clock, source, errors, keys } = setup();
  const first = await keys.find("a");
  source.isDown = true;
  for (let minute = 0; minute < 10; minute += 1) {
    await clock.advance(60_000);
    expect(await keys.find("a")).toBe(first);
  }
  await clock.advance(1_000);

  await expect(keys.find("a")).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfterMs: expect.any(Number) });
  expect(errors.length).toBeGreaterThan(0);
  source.isDown = false;
  await clock.advance(30_000);
  expect(await keys.find("a")).toBe(first);
});

it("does not call a token bad when the source has never answered", async () => {
  const { clock, source, keys } = setup();
  source.isDown = true;

  await expect(keys.find("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(keys.find("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(source.hits).toBe(1);
  source.isDown = false;
  await clock.advance(30_000);
  expect(await keys.find("a")).toBe(source.keys["a"]);
});
