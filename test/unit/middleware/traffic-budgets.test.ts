import { EventEmitter } from "node:events";

import { createConfig } from "../../../src/config/load-config";
import { RoomfulError } from "../../../src/contract/roomful-error";
import type { RoomfulSocket } from "../../../src/contract/socket-data";
import {
  TrafficBudgets,
  type TrafficBudgetsOptions,
  type TrafficConnection,
} from "../../../src/middleware/traffic-budgets";
import { TestClock } from "../../../src/testing/test-clock";

const INVALID = new RoomfulError("PAYLOAD_INVALID");

function setup(rates: Partial<TrafficBudgetsOptions["rates"]> = {}) {
  const clock = new TestClock({ isFrozen: true });
  const exceeded: [TrafficConnection, string][] = [];
  const budgets = new TrafficBudgets({
    rates: { ...createConfig().rateLimits, ...rates },
    clock,
    onExceeded: (connection, limit) => exceeded.push([connection, limit]),
  });
  /** What a connection of Engine.IO does with a packet, as far as it is asked here. */
  const receive = (connection: TrafficConnection, data: unknown, decode = () => {}): void => {
    const packet = { type: "message", data };
    connection.emit("packet", packet);
    decode();
    if (packet.type === "message") {
      connection.emit("message", packet.data);
    }
  };
  const connect = (userId?: string): TrafficConnection => {
    const connection = new EventEmitter() as unknown as TrafficConnection;
    budgets.watch(connection);
    if (userId !== undefined) {
      receive(connection, "0{}");
      budgets.identify(connection, userId);
    }
    return connection;
  };
  return { clock, budgets, exceeded, receive, connect, limits: () => exceeded.map(([, limit]) => limit) };
}

function times(count: number, act: (index: number) => void): void {
  for (let index = 0; index < count; index += 1) {
    act(index);
  }
}

describe("packets", () => {
  it("end the connection above the burst, once", () => {
    const { connect, receive, exceeded } = setup({ packetBurst: 10 });
    const connection = connect();
    times(10, () => receive(connection, "2[]"));
    expect(exceeded).toEqual([]);

    times(5, () => receive(connection, "2[]"));
    expect(exceeded).toEqual([[connection, "packets"]]);
  });

  it("may come as often as the rate says", async () => {
    const { clock, connect, receive, limits } = setup({ packetPerSecond: 10, packetBurst: 10 });
    const connection = connect();
    for (let second = 0; second < 5; second += 1) {
      times(10, () => receive(connection, "2[]"));
      await clock.advance(1_000);
    }

    expect(limits()).toEqual([]);
  });

  it("are a user's over all connections, also those that are gone", () => {
    const { connect, receive, exceeded } = setup({ packetBurst: 10 });
    const gone = connect("alice");
    times(6, () => receive(gone, "2[]"));
    gone.emit("close", "transport close");
    const [second, bob] = [connect("alice"), connect("bob")];
    times(4, () => receive(second, "2[]"));
    times(8, () => receive(bob, "2[]"));
    expect(exceeded).toEqual([]);

    receive(second, "2[]");
    expect(exceeded).toEqual([[second, "packets"]]);
  });

  it("are counted by their bytes too", () => {
    const { connect, receive, limits } = setup({ receivedBytesBurst: 1_000 });
    const connection = connect();
    receive(connection, "x".repeat(600));
    receive(connection, Buffer.alloc(300));
    expect(limits()).toEqual([]);

    receive(connection, Buffer.alloc(101));
    expect(limits()).toEqual(["bytes"]);
  });

  it("have no limit at 0, and with rates off", () => {
    const unlimited = { packetPerSecond: 0, receivedBytesPerSecond: 0, cpuMsPerSecond: 0, refusalsPerMinute: 0 };
    for (const rates of [unlimited, { enabled: "off" as const }]) {
      const { budgets, connect, receive, limits } = setup(rates);
      const connection = connect("alice");
      times(10_000, () => receive(connection, "x".repeat(1_000)));
      times(100, () => budgets.refused(connection, INVALID));

      expect(limits()).toEqual([]);
    }
  });
});

it("ends a connection that asks for namespaces again and again", () => {
  const { connect, receive, limits } = setup();
  const connection = connect();
  times(20, (index) => receive(connection, `0/x${index},`));
  expect(limits()).toEqual([]);

  receive(connection, "0/y,");
  expect(limits()).toEqual(["connects"]);
});

describe("time", () => {
  it("to decode counts", () => {
    const { clock, connect, receive, limits } = setup({ cpuMsBurst: 50, cpuMsPerSecond: 1 });
    const connection = connect();
    receive(connection, "2[]", () => void clock.advance(30));
    expect(limits()).toEqual([]);

    receive(connection, "2[]", () => void clock.advance(30));
    expect(limits()).toEqual(["cpuMs"]);
  });

  it("in which the process stood still is not the client's", () => {
    const { clock, connect, receive, limits } = setup({ cpuMsBurst: 500, cpuMsPerSecond: 1 });
    const connection = connect();

    receive(connection, "2[]", () => void clock.advance(10_000));

    expect(limits()).toEqual([]);
  });

  it("to check counts, whether the packet passes or not; what is between does not", () => {
    const { clock, budgets, connect, limits } = setup({ cpuMsBurst: 50, cpuMsPerSecond: 1 });
    const socket = { conn: connect("alice") } as unknown as RoomfulSocket;
    const check = (end: () => void): void => {
      budgets.beginCheck(["message"], socket);
      void clock.advance(20);
      end();
      void clock.advance(5);
    };
    check(() => budgets.endCheck(["message"], socket));
    check(() => budgets.refused(socket.conn, INVALID));
    expect(limits()).toEqual([]);

    check(() => budgets.refused(socket.conn, INVALID));
    expect(limits()).toEqual(["cpuMs"]);
  });
});

describe("refusals", () => {
  it("end the connection above so many a minute, over all of the user's", async () => {
    const { clock, budgets, connect, exceeded } = setup({ refusalsPerMinute: 20 });
    const [first, second] = [connect("alice"), connect("alice")];
    times(10, () => budgets.refused(first, INVALID));
    times(10, () => budgets.refused(second, INVALID));
    await clock.advance(3_000);
    budgets.refused(first, INVALID);
    expect(exceeded).toEqual([]);

    budgets.refused(second, INVALID);
    expect(exceeded).toEqual([[second, "refusals"]]);
  });

  it("that may succeed later are none, and neither are faults of the service", () => {
    const { budgets, connect, limits } = setup();
    const connection = connect("alice");
    for (const code of ["RATE_LIMITED", "OVERLOADED", "DRAINING", "UNAVAILABLE", "TOO_MANY_CONNECTIONS"] as const) {
      times(100, () => budgets.refused(connection, new RoomfulError(code)));
    }
    times(100, () => budgets.refused(connection, new Error("a fault")));

    expect(limits()).toEqual([]);
  });
});

it("forgets users who are gone when they could begin anew, and nobody before", async () => {
  const { clock, budgets, connect, receive } = setup();
  const gone = connect("gone");
  connect("here");
  times(100, () => budgets.refused(gone, INVALID));
  receive(gone, "2[]");
  gone.emit("close", "transport close");
  await clock.advance(20_000);
  expect([...budgets["users"].keys()]).toEqual(["gone", "here"]);

  await clock.advance(60_000);
  expect([...budgets["users"].keys()]).toEqual(["here"]);
  budgets.stop();
});
