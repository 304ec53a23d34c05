import type { ClientEvent } from "../../../src/contract/payload-schemas";
import type { RoomfulSocket } from "../../../src/contract/socket-data";
import type { Timer } from "../../../src/lifecycle/clock";
import { limitPacketRate, UserRateLimiter } from "../../../src/middleware/limit-packet-rate";
import { TestClock } from "../../../src/testing/test-clock";

type Rates = ConstructorParameters<typeof UserRateLimiter>[0];

const RATES: Rates = {
  enabled: "on",
  ...{ messagePerSecond: 20, messageBurst: 40, messageBytesPerSecond: 1_000, messageBytesBurst: 2_000 },
  ...{ joinPerSecond: 10, joinBurst: 50 },
  ...{ typingPerSecond: 5, typingBurst: 10, historyPerSecond: 5, historyBurst: 20 },
};

/** Knows how many of its repeating timers were cleared. */
class CountingClock extends TestClock {
  repeating = 0;

  override setRepeating(callback: () => void, intervalMs: number): Timer {
    const timer = super.setRepeating(callback, intervalMs);
    this.repeating += 1;
    return {
      clear: () => {
        timer.clear();
        this.repeating -= 1;
      },
    };
  }
}

function setup(rates: Partial<Rates> = {}) {
  const clock = new CountingClock({ isFrozen: true });
  const limiter = new UserRateLimiter({ ...RATES, ...rates }, clock);
  /** How many events in a row a user may send, up to 200. */
  const allowance = (userId: string, event: ClientEvent): number => {
    let taken = 0;
    while (taken < 200 && limiter.take(userId, event) === undefined) {
      taken += 1;
    }
    return taken;
  };
  return { clock, limiter, allowance };
}

describe("UserRateLimiter", () => {
  it.each([
    ["message", 40],
    ["join", 50],
    ["leave", 50],
    ["typing", 10],
    ["history", 20],
    ["presence", 20],
    ["rooms", 20],
    ["refresh_token", 20],
  ] as const)("lets the burst of %s through", (event, burst) => {
    expect(setup().allowance("alice", event)).toBe(burst);
  });

  it.each([
    ["message", 50],
    ["join", 100],
    ["leave", 100],
    ["typing", 200],
    ["history", 200],
    ["presence", 200],
    ["rooms", 200],
    ["refresh_token", 200],
  ] as const)("answers what to wait for the next %s", (event, waitMs) => {
    const { allowance, limiter } = setup();
    allowance("alice", event);

    expect(limiter.take("alice", event)).toBe(waitMs);
  });

  it("counts users apart", () => {
    const { allowance } = setup();
    allowance("alice", "typing");

    expect(allowance("bob", "typing")).toBe(10);
    expect(allowance("alice", "typing")).toBe(0);
  });

  it("counts events apart", () => {
    const { allowance } = setup();
    allowance("alice", "history");

    expect(allowance("alice", "presence")).toBe(20);
    expect(allowance("alice", "message")).toBe(40);
  });

  it("gives back with time what was taken", async () => {
    const { allowance, clock } = setup();
    allowance("alice", "typing");

    await clock.advance(1_000);

    expect(allowance("alice", "typing")).toBe(5);
  });

  it("forgets nobody who has not all of the burst back", async () => {
    const { allowance, clock } = setup({ typingPerSecond: 1, typingBurst: 100 });
    allowance("alice", "typing");

    // The sweep runs at 10 s.
    await clock.advance(15_000);

    expect(allowance("alice", "typing")).toBe(15);
  });

  it("limits nothing when it is off", () => {
    const { allowance } = setup({ enabled: "off" });

    expect(allowance("alice", "typing")).toBe(200);
  });

  it("does not limit what has the rate 0", () => {
    const { allowance } = setup({ typingPerSecond: 0 });

    expect(allowance("alice", "typing")).toBe(200);
    expect(allowance("alice", "history")).toBe(20);
  });

  it("counts the bytes of messages beside their number, and takes neither of one that has to wait", () => {
    const { allowance, limiter } = setup();
    expect([1_500, 500].map((bytes) => limiter.takeMessage("alice", bytes))).toEqual([undefined, undefined]);

    expect(limiter.takeMessage("alice", 100)).toBe(100);
    expect(limiter.takeMessage("alice", 5_000)).toBe(2_000);
    expect(limiter.takeMessage("bob", 2_000)).toBeUndefined();
    expect(allowance("alice", "message")).toBe(38);
  });

  it("takes no bytes of a message that has to wait for its number", async () => {
    const { allowance, clock, limiter } = setup();
    allowance("alice", "message");
    expect(limiter.takeMessage("alice", 2_000)).toBe(50);
    await clock.advance(50);

    expect(limiter.takeMessage("alice", 2_000)).toBeUndefined();
  });

  it("lends a full allowance to a message that is larger", async () => {
    const { clock, limiter } = setup();
    expect(limiter.takeMessage("alice", 3_000)).toBeUndefined();
    expect(limiter.takeMessage("alice", 1)).toBe(1_001);
    await clock.advance(1_001);

    expect(limiter.takeMessage("alice", 1)).toBeUndefined();
  });

  it("leaves no timer behind", () => {
    const { clock, limiter } = setup();
    expect(clock.repeating).toBe(1);

    limiter.stop();

    expect(clock.repeating).toBe(0);
  });
});

describe("limitPacketRate", () => {
  const socket = { data: { claims: { userId: "alice" } } } as RoomfulSocket;

  function setupCheck(waitMs: number | undefined) {
    const asked: [userId: string, event: ClientEvent][] = [];
    const check = limitPacketRate({
      take: (userId, event) => {
        asked.push([userId, event]);
        return waitMs;
      },
    });
    return { asked, check };
  }

  it("lets a packet of the user through that is within the rate", () => {
    const { asked, check } = setupCheck(undefined);

    check(["typing", {}], socket);

    expect(asked).toEqual([["alice", "typing"]]);
  });

  it("refuses a packet beyond it, with what to wait", () => {
    const { check } = setupCheck(120);

    expect(() => check(["typing", {}], socket)).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED", retryAfterMs: 120 }),
    );
  });

  it("does not count messages, whose key may be known", () => {
    const { asked, check } = setupCheck(120);

    check(["message", {}], socket);

    expect(asked).toEqual([]);
  });
});
