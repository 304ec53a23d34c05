import type { RoomfulError } from "../../../src/contract/roomful-error";
import type { RoomfulSocket } from "../../../src/contract/socket-data";
import { type Clock, systemClock } from "../../../src/lifecycle/clock";
import { TokenExpiry, type TokenExpiryOptions } from "../../../src/middleware/token-expiry";
import { TestClock } from "../../../src/testing/test-clock";

const DAY_MS = 86_400_000;

/** A socket as far as the expiry of its token knows it; keeps what it was told. */
class FakeSocket {
  readonly told: unknown[][] = [];
  readonly data: { claims: { expiresAt: number } };
  private onDisconnect: (() => void)[] = [];

  constructor(expiresAt: number) {
    this.data = { claims: { expiresAt } };
  }

  emit(...args: unknown[]): void {
    this.told.push(args);
  }

  on(event: string, listener: () => void): void {
    expect(event).toBe("disconnect");
    this.onDisconnect.push(listener);
  }

  disconnect(...args: unknown[]): void {
    this.told.push(["disconnect", ...args]);
    for (const listener of this.onDisconnect.splice(0)) {
      listener();
    }
  }

  get events(): unknown[] {
    return this.told.map(([event]) => event);
  }
}

function setup<Time extends Clock>(clock: Time, config: Partial<TokenExpiryOptions["config"]> = {}) {
  const ended: { socket: RoomfulSocket; error: RoomfulError; toldBefore: number }[] = [];
  const expiry = new TokenExpiry({
    config: { leewayMs: 30_000, expiryNoticeMs: 60_000, ...config },
    clock,
    onExpired: (socket, error) =>
      ended.push({ socket, error, toldBefore: (socket as unknown as FakeSocket).told.length }),
  });
  const watch = (remainingMs: number): FakeSocket => {
    const socket = new FakeSocket(clock.now() + remainingMs);
    expiry.watch(socket as unknown as RoomfulSocket);
    return socket;
  };
  const renew = (socket: FakeSocket, remainingMs: number): void => {
    socket.data.claims = { expiresAt: clock.now() + remainingMs };
    expiry.renewed(socket as unknown as RoomfulSocket);
  };
  return { clock, ended, expiry, watch, renew };
}

const frozen = (config?: Partial<TokenExpiryOptions["config"]>) => setup(new TestClock({ isFrozen: true }), config);

it("does not hold a socket that has gone while its new token was verified", async () => {
  const { clock, ended, watch, renew } = frozen();
  const socket = watch(300_000);
  socket.disconnect();
  renew(socket, 300_000);
  await clock.advance(DAY_MS);

  expect(socket.told).toEqual([["disconnect"]]);
  expect(ended).toEqual([]);
});

it("tells a socket in time, and ends it after the leeway", async () => {
  const { clock, ended, watch } = frozen();
  const socket = watch(300_000);
  const expiresAt = new Date(clock.now() + 300_000).toISOString();

  await clock.advance(239_999);
  expect(socket.told).toEqual([]);
  await clock.advance(1);
  expect(socket.told).toEqual([["token_expiring", { expiresAt }]]);

  await clock.advance(89_999);
  expect(socket.told).toHaveLength(1);
  await clock.advance(1);
  // Without `true`: the other namespaces of the connection stay.
  expect(socket.told.slice(1)).toEqual([
    ["closing", expect.objectContaining({ code: "TOKEN_EXPIRED", retryable: false })],
    ["disconnect"],
  ]);
  expect(ended).toEqual([{ socket, error: expect.objectContaining({ code: "TOKEN_EXPIRED" }), toldBefore: 1 }]);
});

it("tells a socket at once whose token is about to expire", async () => {
  const { clock, watch } = frozen();
  const socket = watch(10_000);

  await clock.advance(0);
  expect(socket.events).toEqual(["token_expiring"]);
});

it("ends a socket that came within the leeway when the leeway ends", async () => {
  const { clock, watch } = frozen();
  const socket = watch(-20_000);

  await clock.advance(9_999);
  expect(socket.events).toEqual(["token_expiring"]);
  await clock.advance(1);
  expect(socket.events).toEqual(["token_expiring", "closing", "disconnect"]);
});

it("tells a socket at the end where no notice is set, and ends it there without a leeway", async () => {
  const { clock, watch } = frozen({ expiryNoticeMs: 0, leewayMs: 0 });
  const socket = watch(10_000);

  await clock.advance(9_999);
  expect(socket.events).toEqual([]);
  await clock.advance(1);
  expect(socket.events).toEqual(["token_expiring", "closing", "disconnect"]);
});

it("goes by the new token once there is one", async () => {
  const { clock, watch, renew } = frozen();
  const socket = watch(120_000);
  await clock.advance(60_000);
  expect(socket.events).toEqual(["token_expiring"]);

  renew(socket, 600_000);
  await clock.advance(539_999);
  expect(socket.events).toEqual(["token_expiring"]);

  await clock.advance(1);
  expect(socket.events).toEqual(["token_expiring", "token_expiring"]);
  await clock.advance(90_000);
  expect(socket.events).toEqual(["token_expiring", "token_expiring", "closing", "disconnect"]);
});

it("leaves a socket alone that has gone, though its token was renewed", async () => {
  const { clock, ended, watch, renew } = frozen();
  const socket = watch(120_000);
  renew(socket, 180_000);
  socket.disconnect();

  await clock.advance(DAY_MS);

  expect(socket.events).toEqual(["disconnect"]);
  expect(ended).toEqual([]);
});

it("watches each socket for itself", async () => {
  const { clock, watch } = frozen();
  const [first, second] = [watch(100_000), watch(200_000)];
  first.disconnect();

  await clock.advance(140_000);

  expect(first.events).toEqual(["disconnect"]);
  expect(second.events).toEqual(["token_expiring"]);
});

it("ends nobody any more after it was stopped", async () => {
  const { clock, expiry, watch } = frozen();
  const sockets = [watch(100_000), watch(200_000)];
  expiry.stop();

  await clock.advance(DAY_MS);

  expect(sockets.map(({ events }) => events)).toEqual([[], []]);
});

describe("with Node's timers, which fire at once beyond 2^31-1 ms", () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([
    ["25 days", 25],
    ["a year", 365],
    ["ten years", 3_650],
  ])("waits for the end of a token of %s", (_length, days) => {
    const { watch } = setup(systemClock);
    const socket = watch(days * DAY_MS);

    jest.advanceTimersByTime(days * DAY_MS - 60_001);
    expect(socket.events).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(socket.events).toEqual(["token_expiring"]);
    jest.advanceTimersByTime(89_999);
    expect(socket.events).toEqual(["token_expiring"]);
    jest.advanceTimersByTime(1);
    expect(socket.events).toEqual(["token_expiring", "closing", "disconnect"]);
  });

  it("leaves no timer of a socket that goes after the first slice of its time", () => {
    const { watch } = setup(systemClock);
    const socket = watch(365 * DAY_MS);
    jest.advanceTimersByTime(30 * DAY_MS);
    expect(jest.getTimerCount()).toBe(1);

    socket.disconnect();

    expect(jest.getTimerCount()).toBe(0);
  });
});
