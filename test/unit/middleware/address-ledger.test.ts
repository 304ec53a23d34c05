import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";

import { RoomfulError } from "../../../src/contract/roomful-error";
import type { RoomfulSocket } from "../../../src/contract/socket-data";
import { AddressLedger, type AddressLedgerOptions } from "../../../src/middleware/address-ledger";
import { TestClock } from "../../../src/testing/test-clock";

function setup(config: Partial<AddressLedgerOptions["config"]> = {}) {
  const clock = new TestClock({ isFrozen: true });
  const ledger = new AddressLedger({
    config: { maxPerAddress: 0, maxHandshakesPerAddressPerSecond: 0, ...config },
    addressOf: ({ address }) => address,
    clock,
  });
  /** A request on a socket of its own, unless one is given. */
  const requestFrom = (address = "1.2.3.4", socket = new EventEmitter()): IncomingMessage =>
    ({ socket: Object.assign(socket, { remoteAddress: address }), headers: {} }) as unknown as IncomingMessage;
  const admit = (request = requestFrom()): string => {
    try {
      ledger.admit(request);
      return "ok";
    } catch (error) {
      return error instanceof RoomfulError ? error.code : `no refusal: ${error}`;
    }
  };
  /** The request becomes a connection. */
  const connect = (request: IncomingMessage): EventEmitter => {
    const connection = Object.assign(new EventEmitter(), { request });
    ledger.keep(connection as unknown as RoomfulSocket["conn"]);
    return connection;
  };
  return { clock, ledger, requestFrom, admit, connect };
}

const times = <Result>(count: number, make: (index: number) => Result): Result[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe("connections of an address", () => {
  it("are refused above the limit, before anything else is known of them", () => {
    const { ledger, admit, requestFrom } = setup({ maxPerAddress: 2 });

    expect(times(3, () => admit())).toEqual(["ok", "ok", "TOO_MANY_CONNECTIONS"]);
    expect(admit(requestFrom("5.6.7.8"))).toBe("ok");
    expect(() => ledger.admit(requestFrom())).toThrow(
      expect.objectContaining({ code: "TOO_MANY_CONNECTIONS", retryAfterMs: 5_000, details: { limit: 2 } }),
    );
  });

  it("make room when they close, each once", () => {
    const { admit, connect, requestFrom } = setup({ maxPerAddress: 2 });
    const [first, second] = times(2, () => requestFrom()) as [IncomingMessage, IncomingMessage];
    admit(first);
    admit(second);
    const connection = connect(first);
    connect(second);
    connection.emit("close");
    connection.emit("close");

    expect(times(2, () => admit())).toEqual(["ok", "TOO_MANY_CONNECTIONS"]);
  });

  it("count on when the request that opened them is over, as in polling", () => {
    const { admit, connect, requestFrom } = setup({ maxPerAddress: 1 });
    const request = requestFrom();
    admit(request);
    connect(request);
    request.socket.emit("close", false);

    expect(admit()).toBe("TOO_MANY_CONNECTIONS");
  });

  it("make room when no connection came of a request", () => {
    const { ledger, admit, requestFrom } = setup({ maxPerAddress: 1 });
    const ended = requestFrom();
    admit(ended);
    ended.socket.emit("close", false);
    const refused = requestFrom();
    expect(admit(refused)).toBe("ok");
    ledger.refused(refused);
    ledger.refused(refused);

    expect(times(2, () => admit())).toEqual(["ok", "TOO_MANY_CONNECTIONS"]);
  });

  it("listen to a socket once, however many requests come on it", () => {
    const { admit, requestFrom } = setup({ maxPerAddress: 100 });
    const socket = new EventEmitter();
    times(50, () => admit(requestFrom("1.2.3.4", socket)));
    expect(socket.listenerCount("close")).toBe(1);

    socket.emit("close");
    expect(times(101, () => admit()).filter((answer) => answer === "ok")).toHaveLength(100);
  });
});

describe("handshakes of an address", () => {
  it("are refused above the rate, with what to wait", async () => {
    const { clock, ledger, admit, requestFrom } = setup({ maxHandshakesPerAddressPerSecond: 2 });

    expect(times(3, () => admit())).toEqual(["ok", "ok", "RATE_LIMITED"]);
    expect(() => ledger.admit(requestFrom())).toThrow(
      expect.objectContaining({ code: "RATE_LIMITED", retryAfterMs: 500 }),
    );
    expect(admit(requestFrom("5.6.7.8"))).toBe("ok");

    await clock.advance(500);
    expect(times(2, () => admit())).toEqual(["ok", "RATE_LIMITED"]);
  });

  it("count after their connections have gone", () => {
    const { admit, connect, requestFrom } = setup({ maxHandshakesPerAddressPerSecond: 1, maxPerAddress: 1 });
    const request = requestFrom();
    admit(request);
    connect(request).emit("close");

    expect(admit()).toBe("RATE_LIMITED");
  });

  it("are remembered for an address while others come and are forgotten", async () => {
    const { clock, admit, requestFrom } = setup({ maxHandshakesPerAddressPerSecond: 1 });
    admit(requestFrom("1.1.1.1"));
    await clock.advance(600);
    admit(requestFrom("2.2.2.2"));
    // The first has all of its rate back and is forgotten; the second has not.
    await clock.advance(600);
    admit(requestFrom("3.3.3.3"));

    expect(admit(requestFrom("2.2.2.2"))).toBe("RATE_LIMITED");
    expect(times(2, () => admit(requestFrom("1.1.1.1")))).toEqual(["ok", "RATE_LIMITED"]);
  });
});

it("counts all addresses of an IPv6 network as one: whoever has it can take another for each connection", () => {
  const { admit, requestFrom } = setup({ maxPerAddress: 1, maxHandshakesPerAddressPerSecond: 5 });
  const from = (address: string) => admit(requestFrom(address));

  expect(["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::1"].map(from)).toEqual([
    ...["ok", "TOO_MANY_CONNECTIONS", "TOO_MANY_CONNECTIONS"],
  ]);
  expect(from("2001:db8:0:2::1")).toBe("ok");
  expect(["::3", "::4", "::5"].map((end) => from(`2001:db8:0:1${end}`)).at(-1)).toBe("RATE_LIMITED");
});

it("counts nothing where there is no limit", () => {
  const { admit, ledger } = setup();

  expect(new Set(times(200, () => admit()))).toEqual(new Set(["ok"]));
  expect([ledger["connections"].size, ledger["handshakes"].size]).toEqual([0, 0]);
});

it("forgets addresses that are quiet, though another one is busy all the time", async () => {
  const { ledger, clock, admit, requestFrom } = setup({ maxHandshakesPerAddressPerSecond: 2 });
  for (let visitor = 0; visitor < 200; visitor += 1) {
    for (const address of ["busy", `visitor-${visitor}`]) {
      admit(requestFrom(address));
    }
    await clock.advance(600);
  }

  expect(ledger["handshakes"].size).toBeLessThan(10);
});
