import { createSecretKey, type KeyObject } from "node:crypto";

import type { RoomfulError } from "../../../src/contract/roomful-error";
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
  const found = await Promise.all([keys.find("a"), keys.find("a")]);

  expect(found).toEqual([source.keys["a"], source.keys["a"]]);
  expect(source.hits).toBe(1);
});

it("does not say of a kid that there is none when the source was asked before its token came", async () => {
  const { clock, source, keys } = setup();
  const [, late] = await Promise.allSettled([keys.find("a"), keys.find("b")]);

  expect(late).toMatchObject({ reason: { code: "UNAVAILABLE", retryAfterMs: 1_000 } });
  await clock.advance(1_000);
  expect(await keys.find("b")).toBeUndefined();
  expect(source.hits).toBe(2);
});

it("does not know for 30 s whether a kid that was not there is there by now", async () => {
  const { clock, source, keys } = setup();
  expect(await keys.find("b")).toBeUndefined();
  source.keys["b"] = keyOf("b");
  await clock.advance(29_000);
  await expect(keys.find("b")).rejects.toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 1_000 });
  expect(source.hits).toBe(1);

  await clock.advance(1_000);

  expect(await keys.find("b")).toBe(source.keys["b"]);
  expect(source.hits).toBe(2);
});

it("finds a new key at once though a stranger has just made one up", async () => {
  const { source, keys } = setup();
  await keys.find("a");
  expect(await keys.find("made-up")).toBeUndefined();
  source.keys["b"] = keyOf("b");

  expect(await keys.find("b")).toBe(source.keys["b"]);
});

it("asks the source at a bounded rate while strangers make kids up, and a new key waits 10 s at most", async () => {
  const { clock, source, keys } = setup();
  await keys.find("a");
  const makeUp = async (): Promise<void> => {
    for (let count = 0; count < 200; count += 1) {
      await keys.find(`made-up-${clock.monotonicMs()}-${count}`).catch(() => undefined);
    }
  };
  await makeUp();
  expect(source.hits).toBe(3);
  source.keys["b"] = keyOf("b");
  const refusal = await keys.find("b").then(
    () => undefined,
    (error: RoomfulError) => error,
  );

  expect(refusal).toMatchObject({ code: "UNAVAILABLE" });
  expect(refusal?.retryAfterMs).toBeLessThanOrEqual(10_000);
  // The strangers are faster, and take the request: it brings the key all the same.
  await clock.advance(refusal?.retryAfterMs ?? 0);
  await makeUp();
  expect(await keys.find("b")).toBe(source.keys["b"]);
  for (let minute = 0; minute < 10; minute += 1) {
    await clock.advance(60_000);
    await makeUp();
  }
  expect(source.hits).toBeLessThanOrEqual(4 + 10 * 6);
});

it("asks nobody for a client that comes with the same old kid again and again", async () => {
  const { clock, source, keys } = setup();
  await keys.find("a");
  expect(await keys.find("old")).toBeUndefined();
  for (let second = 0; second < 29; second += 1) {
    await clock.advance(1_000);
    await expect(keys.find("old")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  }

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
