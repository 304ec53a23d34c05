import { EventEmitter } from "node:events";

import { RoomfulError } from "../../../src/contract/roomful-error";
import type { RoomfulSocket } from "../../../src/contract/socket-data";
import { ConnectionLedger, type ConnectionLedgerOptions } from "../../../src/middleware/connection-ledger";

/** A connection of Engine.IO, as far as the ledger knows it. */
class FakeConnection extends EventEmitter {
  isClosed = false;

  close(): void {
    this.isClosed = true;
    this.emit("close");
  }
}

interface SocketOptions {
  connection?: FakeConnection;
  namespace?: string;
  userId?: string;
}

function socketOf({
  connection = new FakeConnection(),
  namespace = "/",
  userId = "alice",
}: SocketOptions = {}): RoomfulSocket {
  const socket = {
    conn: connection,
    nsp: { name: namespace },
    data: { claims: { userId } },
  };
  return socket as unknown as RoomfulSocket;
}

function setup(config: Partial<ConnectionLedgerOptions["config"]> = {}) {
  const ledger = new ConnectionLedger({ config: { maxNamespaces: 4, maxPerUser: 20, ...config } });
  /** What the handshake is answered with: what it is refused with, or `ok`. A refusal is taken back, as it is there. */
  const handshake = (socket: RoomfulSocket): string => {
    try {
      ledger.countConnection(socket);
      ledger.countUser(socket);
      return "ok";
    } catch (error) {
      ledger.release(socket);
      return error instanceof RoomfulError ? error.code : `no refusal: ${error}`;
    }
  };
  return { ledger, handshake };
}

const times = <Result>(count: number, make: (index: number) => Result): Result[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe("sockets of a user", () => {
  it("are refused above the limit, over all connections and namespaces", () => {
    const { handshake } = setup({ maxPerUser: 3 });

    expect(times(4, (index) => handshake(socketOf({ namespace: `/${index % 2}` })))).toEqual([
      ...["ok", "ok", "ok"],
      "TOO_MANY_CONNECTIONS",
    ]);
    expect(handshake(socketOf({ userId: "bob" }))).toBe("ok");
  });

  it("are told the limit, and when to come again", () => {
    const { ledger } = setup({ maxPerUser: 1 });
    ledger.countUser(socketOf());

    expect(() => ledger.countUser(socketOf())).toThrow(
      expect.objectContaining({ code: "TOO_MANY_CONNECTIONS", retryAfterMs: 5_000, details: { limit: 1 } }),
    );
  });

  it("make room when they go, each once", () => {
    const { handshake, ledger } = setup({ maxPerUser: 2 });
    const [first = socketOf()] = times(2, () => {
      const socket = socketOf();
      handshake(socket);
      return socket;
    });
    ledger.release(first);
    ledger.release(first);

    expect(handshake(socketOf())).toBe("ok");
    expect(handshake(socketOf())).toBe("TOO_MANY_CONNECTIONS");
  });

  it("make room when their connection closes, though nothing else is heard of them", () => {
    const { handshake } = setup({ maxPerUser: 1 });
    const connection = new FakeConnection();
    handshake(socketOf({ connection }));
    connection.emit("close");

    expect(handshake(socketOf())).toBe("ok");
  });

  it("are not counted twice when both the socket and its connection end", () => {
    const { handshake, ledger } = setup({ maxPerUser: 2 });
    const connection = new FakeConnection();
    const socket = socketOf({ connection });
    handshake(socket);
    handshake(socketOf());
    ledger.release(socket);
    connection.emit("close");

    expect(times(2, () => handshake(socketOf()))).toEqual(["ok", "TOO_MANY_CONNECTIONS"]);
  });

  it("are not counted when they are refused", () => {
    const { handshake, ledger } = setup({ maxPerUser: 1 });
    const first = socketOf();
    handshake(first);
    times(5, () => handshake(socketOf()));
    ledger.release(first);

    expect(handshake(socketOf())).toBe("ok");
  });

  it("are as many as they like at 0", () => {
    const { handshake } = setup({ maxPerUser: 0 });

    expect(new Set(times(200, () => handshake(socketOf())))).toEqual(new Set(["ok"]));
  });
});

describe("namespaces of a connection", () => {
  it("are refused above the limit", () => {
    const { handshake } = setup({ maxNamespaces: 2 });
    const connection = new FakeConnection();

    expect(["/", "/a", "/b"].map((namespace) => handshake(socketOf({ connection, namespace })))).toEqual([
      ...["ok", "ok"],
      "TOO_MANY_CONNECTIONS",
    ]);
    expect(connection.isClosed).toBe(false);
    expect(handshake(socketOf({ namespace: "/b" }))).toBe("ok");
  });

  it("make room when one is left", () => {
    const { handshake, ledger } = setup({ maxNamespaces: 1 });
    const connection = new FakeConnection();
    const socket = socketOf({ connection });
    handshake(socket);
    ledger.release(socket);

    expect(handshake(socketOf({ connection, namespace: "/a" }))).toBe("ok");
  });

  it("are joined once: a second socket in one closes the connection, and leaves nothing counted", () => {
    const { handshake, ledger } = setup({ maxPerUser: 1 });
    const connection = new FakeConnection();
    handshake(socketOf({ connection }));

    expect(handshake(socketOf({ connection }))).toBe("TOO_MANY_CONNECTIONS");
    expect(connection.isClosed).toBe(true);
    expect(ledger.isUsed(connection as unknown as RoomfulSocket["conn"])).toBe(false);
    expect(handshake(socketOf())).toBe("ok");
  });

  it("may be joined again after they were left", () => {
    const { handshake, ledger } = setup();
    const connection = new FakeConnection();
    const socket = socketOf({ connection });
    handshake(socket);
    ledger.release(socket);

    expect(handshake(socketOf({ connection }))).toBe("ok");
    expect(connection.isClosed).toBe(false);
  });
});

describe("a connection", () => {
  it("is used from the beginning of a handshake until the last namespace is left", () => {
    const { ledger } = setup();
    const connection = new FakeConnection();
    const isUsed = () => ledger.isUsed(connection as unknown as RoomfulSocket["conn"]);
    const [first, second] = [socketOf({ connection }), socketOf({ connection, namespace: "/a" })];
    expect(isUsed()).toBe(false);

    ledger.countConnection(first);
    ledger.countConnection(second);
    ledger.release(first);
    expect(isUsed()).toBe(true);

    ledger.release(second);
    expect(isUsed()).toBe(false);
  });

  it("is not used after a refused handshake", () => {
    const { handshake, ledger } = setup({ maxPerUser: 1 });
    handshake(socketOf());
    const connection = new FakeConnection();

    expect(handshake(socketOf({ connection }))).toBe("TOO_MANY_CONNECTIONS");
    expect(ledger.isUsed(connection as unknown as RoomfulSocket["conn"])).toBe(false);
  });
});

it("does not grow with a connection that joins and leaves again and again", () => {
  const { ledger } = setup();
  const connection = new FakeConnection();
  for (let round = 0; round < 50; round += 1) {
    const socket = socketOf({ connection });
    void ledger.countConnection(socket);
    ledger.release(socket);
  }

  expect(connection.listenerCount("close")).toBe(1);
  expect(ledger.isUsed(connection as unknown as RoomfulSocket["conn"])).toBe(false);
});
