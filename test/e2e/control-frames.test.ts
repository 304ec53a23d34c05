import { once } from "node:events";

import { startTestServer, type TestServer } from "../../src/testing";
import { EngineSocket } from "../support/engine-socket";
import { readMetric } from "../support/metrics";

const MEBIBYTE = 1_048_576;
/** The longest that a control frame may carry. */
const PING = Buffer.alloc(125, "p");

/** A user on a connection of its own; answers the socket's id. */
async function connect(server: TestServer, userId: string): Promise<{ socket: EngineSocket; socketId: string }> {
  const socket = await EngineSocket.open(server.directUrl);
  await socket.connect(await server.tokens.mint({ userId }));
  const welcome = await socket.until((frame) => frame.startsWith(`42["welcome"`));
  return { socket, socketId: JSON.parse(welcome.slice(2))[1].socketId };
}

describe("pings of websocket itself", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it("are answered", async () => {
    const { socket } = await connect(server, "alice");
    const answered = once(socket.ws, "pong");
    socket.ws.ping(PING);

    expect((await answered)[0]).toEqual(PING);
    socket.ws.terminate();
  });

  it.each(["ping", "pong"] as const)(
    "end the connection when they are a flood, with the reason (%s)",
    async (frame) => {
      const { socket, socketId } = await connect(server, `mallory-${frame}`);
      // In one turn of the event loop: within a second, however slow the machine is.
      for (let index = 0; index < 200; index += 1) {
        socket.ws[frame](PING);
      }
      await socket.closed();

      const back = await server.connect({ userId: `mallory-${frame}`, lastSocketId: socketId });
      expect(back.welcome.lastDisconnect).toMatchObject({
        code: "FLOODING",
        retryable: true,
        details: { limit: "controlFrames" },
      });
    },
  );

  it("are counted anew each second", async () => {
    const { socket } = await connect(server, "bob");
    for (let round = 0; round < 5; round += 1) {
      for (let index = 0; index < 20; index += 1) {
        socket.ws.ping();
      }
      // What came before it is counted when it is answered.
      socket.send(`2${round}["rooms",{}]`);
      await socket.until((received) => received.startsWith(`43${round}`));
      await server.clock.advance(1_000);
    }

    expect(socket.ws.readyState).toBe(socket.ws.OPEN);
    socket.ws.terminate();
  });
});

it("cuts who does not read, whatever has filled the connection, and shows what it holds", async () => {
  const server = await startTestServer({ config: { connections: { maxControlFramesPerSecond: 0 } } });
  try {
    const { socket, socketId } = await connect(server, "mallory");
    const alice = await server.connect({ userId: "alice" });
    socket.ws.pause();
    // The kernel takes some megabytes of answers first.
    for (let sent = 0; (await readMetric(server, "roomful_emit_buffer_bytes")) <= MEBIBYTE; sent += 1) {
      expect(sent).toBeLessThan(500);
      for (let index = 0; index < 1_000; index += 1) {
        socket.ws.ping(PING);
      }
      await alice.fence();
    }
    await server.clock.advance(1_000);
    // Its end can be read once it reads.
    socket.ws.resume();
    await socket.closed();

    const back = await server.connect({ userId: "mallory", lastSocketId: socketId });
    expect(back.welcome.lastDisconnect).toMatchObject({ code: "SLOW_CONSUMER", details: { limit: "bytes" } });
    expect(await readMetric(server, "roomful_emit_buffer_bytes")).toBeLessThan(MEBIBYTE);
  } finally {
    await server.close();
  }
});
