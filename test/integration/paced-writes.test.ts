import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Server } from "socket.io";
import { Adapter } from "socket.io-adapter";
import { io, type Socket } from "socket.io-client";

import { EmitBuffers, type Engine } from "../../src/broadcast/emit-buffers";
import { type EngineConnection, isJoinable, isPaceable } from "../../src/broadcast/engine-connection";
import { visitSingleRooms } from "../../src/broadcast/visit-single-rooms";
import { systemClock } from "../../src/lifecycle/clock";
import { EngineSocket } from "../support/engine-socket";

const LIMITS = { maxPackets: 256, maxBytes: 1_048_576, maxAgeMs: 5_000, maxWindowMs: 25 };

let http: HttpServer;
let server: Server;
let unpaced: number;
let cuts: string[];
let emitBuffers: EmitBuffers;
const connections: EngineConnection[] = [];
const clients: Socket[] = [];

async function start(given: Partial<ConstructorParameters<typeof Server>[1]> & object = {}): Promise<void> {
  http = createServer().listen(0, "127.0.0.1");
  await once(http, "listening");
  server = new Server(http, { pingInterval: 60, pingTimeout: 2_000, adapter: visitSingleRooms(Adapter), ...given });
  [unpaced, cuts] = [0, []];
  emitBuffers = new EmitBuffers({
    config: { ...LIMITS, pacedWrites: "on" },
    clock: systemClock,
    onCut: (_connection, limit) => cuts.push(limit),
    onError(error) {
      throw error;
    },
    onUnpaced() {
      unpaced += 1;
    },
  });
  emitBuffers.attach(server.engine as unknown as Engine);
  server.engine.on("connection", (connection) => connections.push(connection as unknown as EngineConnection));
  server.on("connection", (socket) => {
    socket.join("room");
    socket.on("ask", (question: string, answer: (text: string) => void) => answer(question));
  });
}

function url(): string {
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

async function connect(...transports: string[]): Promise<Socket> {
  const client = io(url(), { transports, forceNew: true, reconnection: false });
  clients.push(client);
  await once(client as never, "connect");
  return client;
}

/** Everything that comes, by its first argument. */
function record(client: Socket): unknown[] {
  const received: unknown[] = [];
  client.onAny((_event, value) => received.push(value));
  return received;
}

/** Waits, and fails before the test's own time is over: a loop that went on would keep the process. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries += 1) {
    if (tries > 5_000) {
      throw new Error(`it did not come about: ${isSo}`);
    }
    await delay(2);
  }
}

afterEach(async () => {
  for (const client of clients.splice(0)) {
    client.disconnect();
  }
  connections.length = 0;
  emitBuffers.stop();
  await server.close();
});

describe("what pacing rests on", () => {
  it("is there in the real Engine.IO and ws", async () => {
    await start();
    await connect("websocket");
    const polling = await connect("polling", "websocket");
    await until(() => polling.io.engine.transport.name === "websocket");

    expect(connections).toHaveLength(2);
    expect(connections.map(isPaceable)).toEqual([true, true]);
    await until(() => connections.every(({ transport }) => isJoinable(transport)));
    expect(unpaced).toBe(0);
  });

  it("is the adapter's `apply`: sockets of one room are visited without it", async () => {
    expect(visitSingleRooms(Adapter)).not.toBe(Adapter);
    class Renamed extends Adapter {}
    Object.defineProperty(Renamed.prototype, "apply", { value: undefined });
    expect(visitSingleRooms(Renamed)).toBe(Renamed);
  });
});

it.each(["websocket", "polling"])("keeps the order of everything that is sent: %s", async (transport) => {
  await start();
  const client = await connect(transport);
  const received = record(client);
  const [socket] = [...server.sockets.sockets.values()];
  const big = "y".repeat(70_000);
  const sent: unknown[] = [];
  const send = (emit: (value: unknown) => void, value: unknown): void => {
    sent.push(value);
    emit(value);
  };
  for (let round = 0; round < 30; round += 1) {
    send((value) => server.to("room").emit("broadcast", value), `b${round}`);
    send((value) => socket?.emit("emit", value), `e${round}`);
    send((value) => server.emit("all", value), `a${round} 张😀`);
    if (round % 7 === 3) {
      send((value) => socket?.emit("bytes", value), Buffer.from(`bytes ${round}`));
      send((value) => server.to("room").emit("bytes", value), Buffer.from(`broadcast bytes ${round}`));
    }
    if (round % 10 === 5) {
      send((value) => server.to("room").emit("big", value), big + round);
      await delay(5);
    }
  }
  await until(() => received.length >= sent.length);

  expect(received.map(String)).toEqual(sent.map(String));
});

it("gives recipients of the same broadcasts the same bytes, in one write each", async () => {
  // No heartbeat within the test: a ping due at one connection would be joined to what that one is sent.
  await start({ pingInterval: 60_000 });
  await Promise.all([connect("websocket"), connect("websocket"), connect("websocket")]);
  const writes = connections.map(({ transport }) => {
    const buffers: Buffer[] = [];
    const { _socket: socket } = transport.socket as unknown as { _socket: { write(data: Buffer): boolean } };
    const write = socket.write.bind(socket);
    socket.write = (data, ...rest) => {
      buffers.push(data);
      return (write as (...args: unknown[]) => boolean)(data, ...rest);
    };
    return buffers;
  });
  for (let index = 0; index < 5; index += 1) {
    server.to("room").emit("broadcast", `b${index}`);
  }
  await until(() => writes.every((buffers) => buffers.some((buffer) => buffer.includes("b0"))));

  const shared = writes.map((buffers) => buffers.filter((buffer) => buffer.includes("b0")));
  expect(shared.map(({ length }) => length)).toEqual([1, 1, 1]);
  expect(shared[0]?.[0]?.includes("b4")).toBe(true);
  expect(shared[1]?.[0]).toBe(shared[0]?.[0]);
  expect(shared[2]?.[0]).toBe(shared[0]?.[0]);
});

describe("volatile", () => {
  it("is kept when other packets have left in the same turn", async () => {
    await start();
    const received = record(await connect("websocket"));
    server.to("room").emit("first", 1);
    await new Promise((resolve) => setImmediate(resolve));
    server.to("room").volatile.emit("second", 2);
    server.to("room").volatile.emit("third", 3);
    server.to("room").emit("last", 4);
    await until(() => received.includes(4));

    expect(received).toEqual([1, 2, 3, 4]);
  });

  it("is dropped for a transport that is behind, and for nobody else", async () => {
    await start();
    const healthy = record(await connect("websocket"));
    const stalled = await EngineSocket.open(url());
    stalled.send("0");
    await stalled.until((frame) => frame.startsWith("40{"));
    stalled.ws.pause();
    const [, behind] = connections as [EngineConnection, EngineConnection];
    for (let sent = 0; behind.transport.writable; sent += 1) {
      expect(sent).toBeLessThan(1_000);
      server.to("room").emit("fill", "z".repeat(60_000));
      await delay(0);
    }
    server.to("room").volatile.emit("hint", "hint");
    server.to("room").emit("end", "end");
    expect(emitBuffers.bufferedBytes).toBeGreaterThan(0);
    stalled.ws.resume();
    await stalled.until((frame) => frame.includes(`"end"`));
    await until(() => healthy.includes("end"));

    expect(healthy).toContain("hint");
    expect(stalled.received.filter((frame) => frame.includes(`"hint"`))).toEqual([]);
    await until(() => emitBuffers.bufferedBytes === 0);
    expect(cuts).toEqual([]);
    stalled.ws.terminate();
  });
});

it("counts nothing while everything is taken, and does not take a large burst for a slow client", async () => {
  await start();
  const received = record(await connect("websocket"));
  for (let index = 0; index < 2_000; index += 1) {
    server.to("room").emit("burst", index);
  }
  expect(emitBuffers.bufferedBytes).toBe(0);
  await until(() => received.length === 2_000);

  expect(cuts).toEqual([]);
});

it("answers acknowledgements among broadcasts", async () => {
  await start();
  const client = await connect("websocket");
  const asked = Array.from({ length: 200 }, (_, index) => {
    server.to("room").emit("broadcast", index);
    return client.emitWithAck("ask", `question ${index}`);
  });

  expect(await Promise.all(asked)).toEqual(asked.map((_, index) => `question ${index}`));
});

describe("a close", () => {
  it.each([
    ["in order", (connection: EngineConnection) => connection.close()],
    ["at once", (connection: EngineConnection) => connection.close(true)],
  ])("%s comes after what was sent before it", async (_name, close) => {
    await start();
    const client = await connect("websocket");
    const received = record(client);
    server.to("room").emit("farewell", 1);
    server.emit("farewell", 2);
    close(connections[0] as EngineConnection);
    await once(client as never, "disconnect");

    expect(received).toEqual([1, 2]);
  });

  it("of a socket that was just told something tells it first", async () => {
    await start();
    const client = await connect("websocket");
    const received = record(client);
    server.to("room").emit("farewell", 1);
    server.disconnectSockets(true);
    await once(client as never, "disconnect");

    expect(received).toEqual([1]);
  });
});

it("loses nothing and keeps the order while polling is upgraded", async () => {
  await start();
  const received: unknown[] = [];
  const client = io(url(), { transports: ["polling", "websocket"], forceNew: true, reconnection: false });
  clients.push(client);
  client.onAny((_event, value) => received.push(value));
  await once(client as never, "connect");
  let sent = 0;
  const hasUpgraded = (): boolean => client.io.engine.transport.name === "websocket";
  for (let later = 0; later < 100; later += hasUpgraded() ? 1 : 0) {
    expect(sent).toBeLessThan(5_000);
    server.to("room").emit("number", sent);
    sent += 1;
    await delay(1);
  }
  await until(() => received.length >= sent);

  expect(received).toEqual(Array.from({ length: sent }, (_, index) => index));
});

it("leaves heartbeats alone", async () => {
  await start({ pingInterval: 20, pingTimeout: 500 });
  const client = await connect("websocket");
  let pings = 0;
  client.io.on("ping", () => {
    pings += 1;
  });
  await until(() => pings >= 10);

  expect(client.connected).toBe(true);
});

it("leaves compressed websockets alone", async () => {
  await start({ perMessageDeflate: { threshold: 0 } });
  const received = record(await connect("websocket"));
  for (let index = 0; index < 50; index += 1) {
    server.to("room").emit("broadcast", index);
  }
  await until(() => received.length === 50);

  expect(received).toEqual(Array.from({ length: 50 }, (_, index) => index));
});

describe("a room's sockets", () => {
  it("are visited once each, without those excepted, and several rooms' too", async () => {
    await start();
    const [one, two] = [await connect("websocket"), await connect("websocket")];
    const received = [record(one), record(two)];
    const [first] = [...server.sockets.sockets.values()];
    first?.join("other");
    server.to("room").except("other").emit("event", "not the first");
    server.to("room").to("other").emit("event", "both, once");
    server.to("nobody").emit("event", "nobody");
    server.to("room").emit("event", "end");
    await until(() => received.every((values) => values.includes("end")));

    expect(received).toEqual([
      ["both, once", "end"],
      ["not the first", "both, once", "end"],
    ]);
  });
});
