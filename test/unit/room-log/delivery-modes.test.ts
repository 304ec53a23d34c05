import { DeliveryModes, type DeliveryModesOptions } from "../../../src/room-log/delivery-modes";
import { TestClock } from "../../../src/testing/test-clock";

type FindMany = DeliveryModesOptions["rooms"]["findMany"];

function setup() {
  const clock = new TestClock({ isFrozen: true });
  const state = { isAvailable: true, strict: new Set<string>(), failure: undefined as Error | undefined };
  const reads: string[][] = [];
  /** Set: reads wait until it is called. */
  let gate: Promise<void> | undefined;
  const findMany: FindMany = async (rooms) => {
    reads.push(rooms.map(({ name }) => name));
    const strict = new Set(state.strict);
    await gate;
    if (state.failure) {
      throw state.failure;
    }
    return rooms
      .filter(({ name }) => strict.has(name))
      .map(({ namespace, name }) => ({
        namespace,
        name,
        epoch: "e",
        lastSeq: 0,
        delivery: "strict",
        messages: [],
        lastKey: null,
        witness: null,
        inSpan: 0,
      }));
  };
  const modes = new DeliveryModes({
    rooms: { findMany },
    defaultDelivery: "fast",
    keepMs: 15_000,
    clock,
    isAvailable: () => state.isAvailable,
    isUnavailable: (error) => (error as Error).message === "away",
  });
  const of = async (...rooms: string[]) => Object.fromEntries(await modes.of("/", rooms));
  return {
    ...{ clock, state, reads, modes, of },
    hold(): () => void {
      let open = (): void => {};
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return open;
    },
  };
}

it("reads what it does not know, and keeps it for a while", async () => {
  const { clock, state, reads, of } = setup();
  state.strict.add("court");

  expect(await of("court", "lobby")).toEqual({ court: "strict", lobby: "fast" });
  expect(await of("court", "lobby")).toEqual({ court: "strict", lobby: "fast" });
  expect(reads).toEqual([["court", "lobby"]]);

  state.strict.clear();
  await clock.advance(15_001);
  expect(await of("court")).toEqual({ court: "fast" });
});

it("reads for all who ask at one moment with one query, and one at a time", async () => {
  const { reads, of, hold } = setup();
  const open = hold();
  const first = [of("a"), of("b"), of("a", "c")];
  await new Promise(setImmediate);
  const later = [of("d"), of("e"), of("a")];
  await new Promise(setImmediate);
  expect(reads).toEqual([["a", "b", "c"]]);

  open();
  await Promise.all([...first, ...later]);
  expect(reads).toEqual([
    ["a", "b", "c"],
    ["d", "e", "a"],
  ]);
});

it("does not keep what was read before a change", async () => {
  const { state, modes, of, hold } = setup();
  const open = hold();
  const before = of("court");
  await new Promise(setImmediate);
  state.strict.add("court");
  modes.forget();
  open();

  expect(await before).toEqual({ court: "fast" });
  expect(await of("court")).toEqual({ court: "strict" });
});

it("answers what it knew while Postgres is away, and strict where it knew nothing", async () => {
  const { clock, state, reads, of } = setup();
  await of("lobby");
  await clock.advance(60_000);

  state.failure = new Error("away");
  expect(await of("lobby", "new")).toEqual({ lobby: "fast", new: "strict" });
  state.isAvailable = false;
  expect(await of("lobby", "other")).toEqual({ lobby: "fast", other: "strict" });
  expect(reads).toHaveLength(2);

  Object.assign(state, { isAvailable: true, failure: undefined });
  expect(await of("other")).toEqual({ other: "fast" });
});

it("does not hide a bug", async () => {
  const { state, of } = setup();
  state.failure = new Error("a bug");

  await expect(of("lobby")).rejects.toThrow("a bug");
});

it("remembers 10,000 rooms, the last ones", async () => {
  const { reads, of } = setup();
  await of(...Array.from({ length: 10_050 }, (_, n) => `room-${n}`));

  await of("room-10049", "room-50");
  expect(reads).toHaveLength(1);
  await of("room-49");
  expect(reads).toHaveLength(2);
});
