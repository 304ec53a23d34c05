import { EventEmitter } from "node:events";

import { EmitBufferLimit, type EmitBufferLimitOptions } from "../../../src/broadcast/emit-buffer-limit";
import type { EngineConnection } from "../../../src/broadcast/engine-connection";
import { TestClock } from "../../../src/testing/test-clock";

class FakeTransport extends EventEmitter {
  readonly socket: { terminate(): void } | undefined;

  constructor(
    readonly name: "websocket" | "polling",
    terminate: () => void,
  ) {
    super();
    this.socket = name === "websocket" ? { terminate } : undefined;
  }
}

/** A connection of Engine.IO that says what it does as the real one does, and does nothing. */
class FakeConnection extends EventEmitter {
  /** How often it was ended, in whatever way. */
  ends = 0;
  readyState = "open";
  transport: FakeTransport;

  constructor(
    readonly id: string,
    transport: "websocket" | "polling" = "websocket",
  ) {
    super();
    this.transport = new FakeTransport(transport, () => this.end());
  }

  close(): void {
    this.end();
  }

  /** Something is sent: it waits for the packets before it. A packet of `bytes` as the limit counts them. */
  queue(packets = 1, bytes = 10): void {
    for (let index = 0; index < packets; index += 1) {
      this.emit("packetCreate", { data: "x".repeat(bytes - 2) });
    }
  }

  /** What waits is handed to the transport. */
  flush(): void {
    this.emit("flush", []);
  }

  send(packets = 1, bytes = 10): void {
    this.queue(packets, bytes);
    this.flush();
  }

  /** The kernel has taken what the transport had. */
  drain(): void {
    this.transport.emit("drain");
  }

  upgrade(): void {
    this.transport = new FakeTransport("websocket", () => this.end());
    this.emit("upgrade", this.transport);
  }

  private end(): void {
    this.ends += 1;
  }
}

function setup({ onCut, ...config }: Partial<EmitBufferLimitOptions["config"] & EmitBufferLimitOptions> = {}) {
  const clock = new TestClock({ isFrozen: true });
  const cuts: { id: string; limit: string; seconds: number; endsBefore: number }[] = [];
  const errors: unknown[] = [];
  const limit = new EmitBufferLimit({
    config: { maxPackets: 10, maxBytes: 1_000, maxAgeMs: 5_000, ...config },
    clock,
    onCut:
      onCut ??
      ((connection, name, seconds) => {
        const { id, ends } = connection as unknown as FakeConnection;
        cuts.push({ id, limit: name, seconds, endsBefore: ends });
      }),
    onError: (error) => errors.push(error),
  });
  limit.start();
  const connect = (transport: "websocket" | "polling" = "websocket", id = "c1"): FakeConnection => {
    const connection = new FakeConnection(id, transport);
    limit.guard(connection as unknown as EngineConnection);
    return connection;
  };
  return { clock, connect, cuts, errors, limit };
}

/** The limits are looked at in the turn after the next one. */
async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("packets", () => {
  it("cut a websocket above the limit, once it is told", async () => {
    const { connect, cuts } = setup();
    const connection = connect();
    connection.send(10);
    await turns();
    expect(cuts).toEqual([]);

    connection.send();
    await turns();
    expect(cuts).toEqual([{ id: "c1", limit: "packets", seconds: 0, endsBefore: 0 }]);
    expect(connection.ends).toBe(1);
  });

  it("count where they wait: with Engine.IO and in the transport together", async () => {
    const { connect, cuts } = setup();
    const connection = connect();
    connection.send(6);
    connection.queue(5);
    await turns();

    expect(cuts).toMatchObject([{ limit: "packets" }]);
  });

  it("count for nothing in polling, which takes them once in a while", async () => {
    const { connect, cuts } = setup();
    connect("polling").send(50);
    await turns();

    expect(cuts).toEqual([]);
  });

  it("are as many as they like at 0", async () => {
    const { connect, cuts } = setup({ maxPackets: 0 });
    connect().send(90);
    await turns();

    expect(cuts).toEqual([]);
  });
});

describe("bytes", () => {
  it.each(["websocket", "polling"] as const)("cut a connection above the limit: %s", async (transport) => {
    const { connect, cuts } = setup();
    const connection = connect(transport);
    connection.send(2, 500);
    await turns();
    expect(cuts).toEqual([]);

    connection.queue(1, 2);
    await turns();
    expect(cuts).toEqual([{ id: "c1", limit: "bytes", seconds: 0, endsBefore: 0 }]);
    expect(connection.ends).toBe(1);
  });

  it("count in a broadcast's frame as it was made in advance", async () => {
    const { connect, cuts } = setup();
    connect().emit("packetCreate", { data: "x", options: { wsPreEncodedFrame: [Buffer.alloc(4), Buffer.alloc(997)] } });
    await turns();

    expect(cuts).toMatchObject([{ limit: "bytes" }]);
  });

  it("are as many as they like at 0", async () => {
    const { connect, cuts } = setup({ maxBytes: 0 });
    connect().send(5, 1_000_000);
    await turns();

    expect(cuts).toEqual([]);
  });

  it("are summed over all connections, queued and in flight, until they are gone", async () => {
    const { connect, limit } = setup();
    const [first, second] = [connect("websocket", "c1"), connect("polling", "c2")];
    expect(limit.bufferedBytes).toBe(0);

    first.send(1, 100);
    first.queue(1, 20);
    second.queue(1, 3);
    expect(limit.bufferedBytes).toBe(123);

    first.drain();
    expect(limit.bufferedBytes).toBe(23);
    second.emit("close");
    expect(limit.bufferedBytes).toBe(20);
    first.flush();
    first.drain();
    expect(limit.bufferedBytes).toBe(0);
  });
});

describe("age", () => {
  it("cuts a connection that takes nothing of little, at the first look after its time", async () => {
    const { clock, connect, cuts } = setup();
    const connection = connect();
    connection.send();

    await clock.advance(5_000);
    expect(cuts).toEqual([]);
    await clock.advance(250);
    expect(cuts).toEqual([{ id: "c1", limit: "age", seconds: 0.25, endsBefore: 0 }]);
    expect(connection.ends).toBe(1);
  });

  it("counts for polling too", async () => {
    const { clock, connect, cuts } = setup();
    connect("polling").queue();

    await clock.advance(5_250);
    expect(cuts).toMatchObject([{ limit: "age" }]);
  });

  it("counts from when something first waits, not from the connection's beginning", async () => {
    const { clock, connect, cuts } = setup();
    const connection = connect();
    await clock.advance(60_000);
    connection.send();

    await clock.advance(5_000);
    expect(cuts).toEqual([]);
    await clock.advance(250);
    expect(cuts).toHaveLength(1);
  });

  it("is not made younger by what comes later", async () => {
    const { clock, connect, cuts } = setup();
    const connection = connect();
    for (let second = 0; second < 6; second += 1) {
      connection.send();
      await clock.advance(1_000);
    }

    expect(cuts).toMatchObject([{ limit: "age" }]);
  });

  it("begins anew with each drain, for as long as the connection goes on taking", async () => {
    const { clock, connect, cuts } = setup();
    const connection = connect();
    connection.send();
    for (let round = 0; round < 5; round += 1) {
      await clock.advance(4_000);
      connection.queue();
      connection.drain();
      connection.flush();
    }
    expect(cuts).toEqual([]);

    await clock.advance(5_250);
    expect(cuts).toMatchObject([{ limit: "age" }]);
  });

  it("is none of a connection that has taken everything", async () => {
    const { clock, connect, cuts } = setup();
    const connection = connect();
    connection.send(5);
    connection.drain();

    await clock.advance(600_000);
    expect(cuts).toEqual([]);
  });

  it("is as high as it likes at 0", async () => {
    const { clock, connect, cuts } = setup({ maxAgeMs: 0 });
    connect().send();

    await clock.advance(600_000);
    expect(cuts).toEqual([]);
  });

  it("is not looked at any more after the limit was stopped", async () => {
    const { clock, connect, cuts, limit } = setup();
    connect().send();
    limit.stop();

    await clock.advance(600_000);
    expect(cuts).toEqual([]);
  });
});

describe("a drain of the transport", () => {
  it("takes what was in flight off the account", async () => {
    const { connect, cuts } = setup();
    const connection = connect();
    for (let round = 0; round < 5; round += 1) {
      connection.send(10, 100);
      await turns();
      connection.drain();
    }

    expect(cuts).toEqual([]);
  });

  it("leaves on it what was not handed to the transport yet", async () => {
    const { connect, cuts } = setup();
    const connection = connect();
    connection.send(5);
    connection.queue(6);
    connection.drain();
    connection.queue(4);
    await turns();
    expect(cuts).toEqual([]);

    connection.queue(1);
    await turns();
    expect(cuts).toMatchObject([{ limit: "packets" }]);
  });

  it("is not what the connection calls so: that says only that it was handed over", async () => {
    const { connect, cuts } = setup();
    const connection = connect();
    connection.send(10);
    connection.emit("drain");
    connection.send();
    await turns();

    expect(cuts).toMatchObject([{ limit: "packets" }]);
  });
});

describe("a burst in one turn of the event loop", () => {
  it("cuts nobody who takes it in the same turn", async () => {
    const { connect, cuts } = setup();
    const connection = connect();
    connection.send(100, 100);
    connection.drain();
    await turns();

    expect(cuts).toEqual([]);
  });

  it("cuts nobody who takes it in the next turn", async () => {
    const { connect, cuts } = setup();
    const connection = connect();
    connection.send(100, 100);
    await turns(1);
    connection.drain();
    await turns();

    expect(cuts).toEqual([]);
  });

  it("cuts nobody in the turn itself, also when it goes on", async () => {
    const { connect, cuts } = setup();
    const connection = connect();
    connection.send(100, 100);
    await Promise.resolve();
    await new Promise((resolve) => process.nextTick(resolve));
    connection.send(100, 100);

    expect(cuts).toEqual([]);
    await turns();
    expect(cuts).toHaveLength(1);
  });

  it("is looked at again for another burst, after one that was taken", async () => {
    const { connect, cuts } = setup();
    const connection = connect();
    connection.send(100, 1_000);
    connection.drain();
    await turns();
    connection.send(100, 1_000);
    await turns();

    expect(cuts).toMatchObject([{ limit: "bytes" }]);
  });

  it("cuts of many connections those that do not take it", async () => {
    const { connect, cuts } = setup();
    const connections = Array.from({ length: 6 }, (_, index) => connect("websocket", `c${index}`));
    for (const connection of connections) {
      connection.send(20);
    }
    for (const connection of connections.slice(0, 3)) {
      connection.drain();
    }
    await turns();

    expect(cuts.map(({ id }) => id)).toEqual(["c3", "c4", "c5"]);
    expect(connections.map(({ ends }) => ends)).toEqual([0, 0, 0, 1, 1, 1]);
  });
});

describe("a cut", () => {
  it("comes once to each connection, whatever is sent to it afterwards and however long it lives on", async () => {
    const { clock, connect, cuts, limit } = setup();
    const connection = connect();
    connection.send(100, 100);
    await turns();
    connection.send(100, 100);
    await turns();
    await clock.advance(600_000);

    expect(cuts).toHaveLength(1);
    expect(connection.ends).toBe(1);
    expect(limit.bufferedBytes).toBe(0);
  });

  it("comes once when age and size are reached at one moment", async () => {
    const { clock, connect, cuts } = setup();
    const connection = connect();
    connection.send();
    await clock.advance(5_000);
    connection.send(100, 100);
    await clock.advance(250);
    await turns();

    expect(cuts).toHaveLength(1);
    expect(connection.ends).toBe(1);
  });

  it("says how long ago the limit was crossed", async () => {
    const { clock, connect, cuts } = setup();
    connect().send(100, 100);
    // One turn of the event loop follows: the limit is looked at in the second one.
    await clock.advance(40);
    await turns();

    expect(cuts).toMatchObject([{ limit: "bytes", seconds: 0.04 }]);
  });

  it("ends the connection also when telling of it fails, which is reported", async () => {
    const failure = new Error("the log is full");
    const { connect, errors } = setup({
      onCut: () => {
        throw failure;
      },
    });
    const connection = connect();
    connection.send(100, 100);
    await turns();

    expect(connection.ends).toBe(1);
    expect(errors).toEqual([failure]);
  });

  it("does not come to a connection that has closed in between", async () => {
    const { clock, connect, cuts } = setup();
    const connection = connect();
    connection.send(100, 100);
    connection.emit("close");
    await turns();
    connection.send();
    await clock.advance(600_000);

    expect(cuts).toEqual([]);
    expect(connection.ends).toBe(0);
  });
});

describe("an upgrade", () => {
  it("takes what polling had in flight off the account, and leaves what is queued", async () => {
    const { connect, cuts, limit } = setup();
    const connection = connect("polling");
    connection.send(20, 20);
    connection.queue(1, 30);
    connection.upgrade();
    expect(limit.bufferedBytes).toBe(30);
    await turns();

    expect(cuts).toEqual([]);
  });

  it("brings the limit of packets, which polling has not", async () => {
    const { connect, cuts } = setup();
    const connection = connect("polling");
    connection.send(50);
    await turns();
    connection.upgrade();
    connection.send(10);
    await turns();
    expect(cuts).toEqual([]);

    connection.send();
    await turns();
    expect(cuts).toMatchObject([{ limit: "packets" }]);
  });

  it("listens to the drains of the new transport", async () => {
    const { clock, connect, cuts, limit } = setup();
    const connection = connect("polling");
    connection.upgrade();
    connection.send(10);
    connection.drain();
    expect(limit.bufferedBytes).toBe(0);
    await clock.advance(600_000);

    expect(cuts).toEqual([]);
  });
});

describe("a trusted connection, whose writes say what they leave behind", () => {
  it("is not counted while it takes everything", async () => {
    const { clock, connect, cuts, limit } = setup();
    const connection = connect();
    limit.trust(connection as unknown as EngineConnection);
    connection.send(100, 100);
    expect(limit.bufferedBytes).toBe(0);
    await turns();
    await clock.advance(600_000);

    expect(cuts).toEqual([]);
  });

  it("counts what a write left and what comes after it, until it drains", async () => {
    const { connect, cuts, limit } = setup();
    const connection = connect();
    limit.trust(connection as unknown as EngineConnection);
    limit.fellBehind(connection as unknown as EngineConnection, 4, 300);
    connection.queue(2, 50);
    expect(limit.bufferedBytes).toBe(400);

    connection.drain();
    expect(limit.bufferedBytes).toBe(0);
    connection.queue(100, 100);
    await turns();
    expect(cuts).toEqual([]);
  });

  it.each([
    { limit: "packets", packets: 8, bytes: 80 },
    { limit: "bytes", packets: 1, bytes: 990 },
  ])(
    "is cut above the limit of $limit, behind a write that it did not take",
    async ({ packets, bytes, ...expected }) => {
      const { connect, cuts, limit } = setup();
      const connection = connect();
      limit.trust(connection as unknown as EngineConnection);
      limit.fellBehind(connection as unknown as EngineConnection, packets, bytes);
      await turns();
      expect(cuts).toEqual([]);

      connection.queue(3, 10);
      await turns();
      expect(cuts).toMatchObject([expected]);
      expect(connection.ends).toBe(1);
    },
  );

  it("is cut for what one write left, if that is above the limit", async () => {
    const { connect, cuts, limit } = setup();
    const connection = connect();
    limit.trust(connection as unknown as EngineConnection);
    limit.fellBehind(connection as unknown as EngineConnection, 1, 1_001);
    await turns();

    expect(cuts).toMatchObject([{ limit: "bytes" }]);
  });

  it("is cut when it does not drain, and not while it does", async () => {
    const { clock, connect, cuts, limit } = setup();
    const connection = connect();
    limit.trust(connection as unknown as EngineConnection);
    for (let writes = 0; writes < 10; writes += 1) {
      limit.fellBehind(connection as unknown as EngineConnection, 1, 10);
      await clock.advance(4_000);
      connection.drain();
    }
    expect(cuts).toEqual([]);

    limit.fellBehind(connection as unknown as EngineConnection, 1, 10);
    await clock.advance(5_500);
    expect(cuts).toMatchObject([{ limit: "age" }]);
  });

  it("is forgotten when it has closed", () => {
    const { connect, limit } = setup();
    const connection = connect();
    limit.trust(connection as unknown as EngineConnection);
    connection.readyState = "closed";
    connection.emit("close");
    limit.fellBehind(connection as unknown as EngineConnection, 1, 10);

    expect(limit.bufferedBytes).toBe(0);
  });
});
