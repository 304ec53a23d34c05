import { PeerWatch } from "../../../src/redis/peer-watch";
import { TestClock } from "../../../src/testing/test-clock";

function setup() {
  const clock = new TestClock({ isFrozen: true });
  const watch = new PeerWatch({ nodeId: "here", clock });
  /** A second in which these nodes are heard. */
  const second = async (...nodes: string[]): Promise<void> => {
    await clock.advance(1_000);
    for (const node of nodes) {
      watch.heard(node);
    }
    watch.tick();
  };
  const healthy = async (...nodes: string[]): Promise<void> => {
    for (let seconds = 0; seconds < 10; seconds += 1) {
      await second(...nodes);
    }
  };
  return { clock, watch, second, healthy };
}

it("is degraded until it has heard itself for a while", async () => {
  const { watch, second, healthy } = setup();
  watch.tick();
  expect([watch.hasOwnEcho, watch.isDegraded]).toEqual([false, true]);
  await second("here");
  expect([watch.hasOwnEcho, watch.isDegraded]).toEqual([true, true]);
  await healthy("here");

  expect(watch.isDegraded).toBe(false);
});

it("is degraded while its own probe is missing, and five seconds longer", async () => {
  const { watch, second, healthy } = setup();
  await healthy("here");
  await second();
  expect(watch.hasOwnEcho).toBe(true);
  await second();
  expect([watch.hasOwnEcho, watch.isDegraded]).toEqual([false, true]);
  await second("here");
  for (let seconds = 0; seconds < 3; seconds += 1) {
    await second("here");
    expect([watch.hasOwnEcho, watch.isDegraded]).toEqual([true, true]);
  }
  await second("here");
  await second("here");

  expect(watch.isDegraded).toBe(false);
});

it("does not wait for silence when the connection is lost", async () => {
  const { watch, healthy } = setup();
  await healthy("here");
  watch.lostTouch();

  expect([watch.hasOwnEcho, watch.isDegraded]).toEqual([false, true]);
});

it("is degraded while another node is silent, until that one is gone for good", async () => {
  const { watch, second, healthy } = setup();
  await healthy("here", "there");
  expect(watch.isDegraded).toBe(false);
  for (let seconds = 0; seconds < 10; seconds += 1) {
    await second("here");
  }
  expect([watch.hasOwnEcho, watch.isDegraded]).toEqual([true, true]);
  for (let seconds = 0; seconds < 8; seconds += 1) {
    await second("here");
  }

  expect(watch.isDegraded).toBe(false);
});

it("does not miss a node that has said that it goes", async () => {
  const { watch, second, healthy } = setup();
  await healthy("here", "there");
  watch.forget("there");
  for (let seconds = 0; seconds < 4; seconds += 1) {
    await second("here");
    expect(watch.isDegraded).toBe(false);
  }
});

it("asks the table for a while when a node comes or comes back", async () => {
  const { watch, second, healthy } = setup();
  await healthy("here");
  await second("here", "there");

  expect(watch.isDegraded).toBe(true);
  await healthy("here", "there");
  expect(watch.isDegraded).toBe(false);
});

it("waits for a node that Redis says to be there, and says that it is not heard", async () => {
  const { watch, second, healthy } = setup();
  await healthy("here");
  watch.expect(["here", "there"]);
  expect([watch.isDegraded, watch.unheard]).toEqual([true, []]);
  for (let seconds = 0; seconds < 6; seconds += 1) {
    await second("here");
    watch.expect(["here", "there"]);
  }
  expect([watch.isDegraded, watch.unheard]).toEqual([true, ["there"]]);

  await second("here", "there");
  expect(watch.unheard).toEqual([]);
});

it("waits anew on a new connection, and not for a node that has said that it goes", async () => {
  const { watch, second } = setup();
  watch.expect(["there"]);
  for (let seconds = 0; seconds < 6; seconds += 1) {
    await second("here");
  }
  watch.startAgain();
  watch.expect(["there"]);
  expect(watch.unheard).toEqual([]);
  for (let seconds = 0; seconds < 6; seconds += 1) {
    await second("here");
    watch.expect(["there"]);
  }
  expect(watch.unheard).toEqual(["there"]);

  watch.forget("there");
  expect(watch.unheard).toEqual([]);
});

it("hears a node only when it hears it on every way", async () => {
  const clock = new TestClock({ isFrozen: true });
  const watch = new PeerWatch({ nodeId: "here", clock, ways: 2 });
  watch.startAgain();
  watch.heard("here", 0);
  expect(watch.hasOwnEcho).toBe(false);
  watch.heard("here", 1);
  expect(watch.hasOwnEcho).toBe(true);
  for (let seconds = 0; seconds < 6; seconds += 1) {
    await clock.advance(1_000);
    watch.heard("here", 1);
    watch.expect(["here", "there"]);
    watch.heard("there", 0);
    watch.heard("there", 1);
    watch.tick();
  }

  expect([watch.hasOwnEcho, watch.unheard]).toEqual([false, ["here"]]);
});
