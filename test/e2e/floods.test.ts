import { startTestServer, type TestServer } from "../../src/testing";
import { EngineSocket } from "../support/engine-socket";
import { readMetric } from "../support/metrics";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    config: {
      namespaces: ["/", "/support"],
      // Time is not counted: how much there is of it, is the machine's business.
      rateLimits: { enabled: "on", packetBurst: 500, receivedBytesBurst: 2_097_152, cpuMsPerSecond: 0 },
    },
  });
});
afterAll(() => server.close());

async function connect(userId: string): Promise<{ socket: EngineSocket; socketId: string }> {
  const socket = await EngineSocket.open(server.directUrl);
  await socket.connect(await server.tokens.mint({ userId }));
  const welcome = await socket.until((frame) => frame.startsWith(`42["welcome"`));
  return { socket, socketId: JSON.parse(welcome.slice(2))[1].socketId };
}

/** What the next `welcome` says of the connection's end. */
async function reasonOf(userId: string, lastSocketId: string): Promise<unknown> {
  const back = await server.connect({ userId, lastSocketId });
  const { lastDisconnect } = back.welcome;
  back.close();
  return lastDisconnect;
}

const KEYS = JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key-${index}`, 1])));

it.each([
  ["packets", Array.from({ length: 3_000 }, () => `3999[]`)],
  ["bytes", Array.from({ length: 80 }, () => `3999["${"x".repeat(60_000)}"]`)],
  ["connects", Array.from({ length: 100 }, (_, index) => `0/x${index},`)],
  ["refusals", Array.from({ length: 21 }, () => `21["message",${KEYS}]`)],
  ["refusals", Array.from({ length: 21 }, () => `2["no_such_event"]`)],
])("ends a connection with too many %s, and says so in the next welcome", async (limit, packets) => {
  const userId = `mallory-${limit}-${packets.length}`;
  const { socket, socketId } = await connect(userId);
  const floodsBefore = await readMetric(server, "roomful_floods_total");
  for (const packet of packets) {
    socket.send(packet);
  }
  await socket.closed();

  expect(await reasonOf(userId, socketId)).toMatchObject({ code: "FLOODING", retryable: true, details: { limit } });
  expect(await readMetric(server, "roomful_floods_total")).toBe(floodsBefore + 1);
});

it("answers few probes of a websocket that is to take over, and ends the connection of one that sends more", async () => {
  const opened = await (await fetch(new URL("/socket.io/?EIO=4&transport=polling", server.directUrl))).text();
  const socket = await EngineSocket.open(server.directUrl, JSON.parse(opened.slice(1)).sid);
  for (let probe = 0; probe < 200; probe += 1) {
    socket.ws.send("2probe");
  }
  await socket.closed();

  expect(socket.received.filter((frame) => frame === "3probe").length).toBeLessThan(20);
});

it.each(["constructor", "__proto__", "toString", "no_such_event"])(
  "counts the event %s under no name that a client chose",
  async (event) => {
    const { socket } = await connect(`namer-${event}`);
    socket.send(`20["${event}"]`);
    await socket.until((frame) => frame.startsWith("430["));
    const metrics = await (await fetch(new URL("/metrics", server.url))).text();

    expect(metrics).toContain('roomful_packets_total{event="unknown",result="EVENT_UNKNOWN"}');
    expect(metrics).not.toContain(`event="${event}"`);
  },
);

it("tells who is refused too often why, while it can be told", async () => {
  const { socket } = await connect("bob");
  for (let index = 0; index < 21; index += 1) {
    socket.send(`2${index}["message",{}]`);
    if (index < 20) {
      await socket.until((frame) => frame.startsWith(`43${index}[`));
    }
  }
  await socket.closed();

  const closing = await socket.until((frame) => frame.startsWith(`42["closing"`));
  expect(JSON.parse(closing.slice(2))[1]).toMatchObject({ code: "FLOODING", details: { limit: "refusals" } });
});

it("refuses and answers packets with bytes, wherever they are in it", async () => {
  const reader = await server.connect({ userId: "reader", rooms: ["a"] });
  const carol = await server.connect({ userId: "carol", rooms: ["a"] });
  await carol.waitFor("room_state");
  const bytes = Buffer.alloc(60_000);
  for (const payload of [bytes, { room: "a", content: bytes }, { room: "a", content: "x", metadata: { bytes } }]) {
    expect(await carol.socket.timeout(20_000).emitWithAck("message", payload)).toMatchObject({
      error: { code: "PAYLOAD_INVALID", details: [{ path: "", problem: "is not an object" }] },
    });
  }

  await carol.call("message", { room: "a", content: "after them" });
  await reader.fence();
  expect(reader.received("message").filter(({ type }) => type === "text")).toHaveLength(1);
});

it("lets a client be that does all it may, and goes on when it is refused for a while", async () => {
  const dave = await server.connect({ userId: "dave", rooms: ["b"] });
  await dave.waitFor("room_state");
  const replies = await Promise.all([
    ...Array.from({ length: 60 }, () => dave.emitWithAck("message", { room: "b", content: "x" })),
    ...Array.from({ length: 60 }, () => dave.emitWithAck("typing", { room: "b", isTyping: true })),
    ...Array.from({ length: 60 }, () => dave.emitWithAck("history", { room: "b" })),
    // A room that it was put out of: what it could not know is no strike.
    ...Array.from({ length: 60 }, () => dave.emitWithAck("message", { room: "elsewhere", content: "x" })),
  ]);
  await dave.fence();

  expect(dave.socket.connected).toBe(true);
  expect(replies.filter((reply) => !reply.ok && reply.error.code === "RATE_LIMITED").length).toBeGreaterThan(60);
  expect(replies.filter((reply) => !reply.ok && reply.error.code === "NOT_IN_ROOM")).toHaveLength(60);
});
