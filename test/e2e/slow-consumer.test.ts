import { randomUUID } from "node:crypto";

import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { EngineSocket } from "../support/engine-socket";
import { readMetric } from "../support/metrics";

let server: TestServer;
let alice: TestClient;

beforeAll(async () => {
  // Without the limit of age: a busy machine may need longer for the bytes than a slow consumer has.
  server = await startTestServer({ config: { emitBuffer: { maxAgeMs: 0 } } });
  alice = await server.connect({ userId: "alice", rooms: ["hall"] });
  await alice.waitFor("room_state");
});
afterAll(() => server.close());

/** A user in the room who reads nothing from now on; answers the socket's id. */
async function connectStalled(
  userId: string,
  rooms: readonly string[],
): Promise<{ socket: EngineSocket; socketId: string }> {
  const socket = await EngineSocket.open(server.directUrl);
  const token = await server.tokens.mint({ userId });
  socket.send(`0${JSON.stringify({ token, rooms })}`);
  await socket.until((frame) => frame.startsWith(`42["room_state"`));
  const welcome = await socket.until((frame) => frame.startsWith(`42["welcome"`));
  socket.ws.pause();
  return { socket, socketId: JSON.parse(welcome.slice(2))[1].socketId };
}

it("cuts who does not read, tells the reason on the next connect, and takes nothing from the others", async () => {
  const bob = await server.connect({ userId: "bob", rooms: ["hall"] });
  const stalled = await connectStalled("mallory", ["hall"]);
  const cutsBefore = await readMetric(server, "roomful_slow_consumers_total");

  // The kernel swallows some megabytes before anything waits in the process.
  const ids: string[] = [];
  while ((await readMetric(server, "roomful_slow_consumers_total")) === cutsBefore) {
    expect(ids.length).toBeLessThan(3_000);
    const some = Array.from({ length: 50 }, () => randomUUID());
    ids.push(...some);
    await Promise.all(some.map((id) => alice.call("message", { room: "hall", id, content: "x".repeat(8_000) })));
  }

  await bob.fence();
  await alice.fence();
  for (const client of [alice, bob]) {
    expect(
      client
        .received("message")
        .filter(({ type }) => type === "text")
        .map(({ id }) => id),
    ).toEqual(ids);
    expect(client.socket.connected).toBe(true);
  }
  expect(await readMetric(server, "roomful_emit_buffer_bytes")).toBeLessThan(1_048_576);
  const back = await server.connect({ userId: "mallory", lastSocketId: stalled.socketId });
  expect(back.welcome.lastDisconnect).toMatchObject({
    code: "SLOW_CONSUMER",
    retryable: true,
    details: { limit: "bytes" },
  });
  stalled.socket.ws.terminate();
});

it("counts acknowledgements too: who asks and does not read is cut", async () => {
  const asking = await connectStalled("greedy", ["hall"]);
  const cutsBefore = await readMetric(server, "roomful_slow_consumers_total");
  for (let asked = 0; (await readMetric(server, "roomful_slow_consumers_total")) === cutsBefore; asked += 50) {
    expect(asked).toBeLessThan(10_000);
    for (let index = 0; index < 50; index += 1) {
      asking.socket.send(`2${asked + index}["history",{"room":"hall","limit":200}]`);
    }
  }

  const back = await server.connect({ userId: "greedy", lastSocketId: asking.socketId });
  expect(back.welcome.lastDisconnect).toMatchObject({ code: "SLOW_CONSUMER" });
  asking.socket.ws.terminate();
});

it("does not take a burst in one turn of the event loop for a slow client", async () => {
  const reader = await server.connect({ userId: "reader", rooms: ["burst"] });
  const writers = await Promise.all(
    Array.from({ length: 10 }, (_, index) => server.connect({ userId: `writer-${index}`, rooms: ["burst"] })),
  );
  await Promise.all(
    writers.flatMap((writer) =>
      Array.from({ length: 40 }, () => writer.call("message", { room: "burst", content: "y".repeat(6_000) })),
    ),
  );
  await reader.fence();

  expect(reader.received("message").filter(({ type }) => type === "text")).toHaveLength(400);
});
