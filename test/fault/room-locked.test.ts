import { Client } from "pg";

import { publishInTransaction } from "../../src/publisher";
import { startTestServer, type TestServer } from "../../src/testing";

const OTHERS = Array.from({ length: 12 }, (_, index) => `room-${index}`);

let server: TestServer;
let session: Client;
beforeAll(async () => {
  server = await startTestServer();
  session = new Client({ connectionString: server.database });
  await session.connect();
});
afterAll(async () => {
  await session.end();
  await server.close();
});

it("keeps one room waiting while somebody's open transaction holds its row, and no other room, nor the outbox", async () => {
  const alice = await server.connect({ userId: "alice", rooms: ["held", ...OTHERS] });
  await alice.call("message", { room: "held", content: "before" });
  await session.query("BEGIN");
  await session.query("UPDATE rooms SET name = name WHERE name = 'held'");
  const publisher = new Client({ connectionString: server.database });
  await publisher.connect();

  const held = ["1", "2"].map((content) => alice.emitWithAck("message", { room: "held", content }));
  for (const round of [1, 2]) {
    const answers = await Promise.all(OTHERS.map((room) => alice.call("message", { room, content: `${round}` })));
    expect(answers.map(({ seq }) => seq)).toEqual(OTHERS.map(() => round));
  }
  await publisher.query("BEGIN");
  for (const room of ["held", "room-0"]) {
    await publishInTransaction(publisher, { room, userId: "billing", content: "published" });
  }
  await publisher.query("COMMIT");
  await publisher.end();
  expect(await alice.waitFor("message", ({ content }) => content === "published")).toMatchObject({
    ...{ room: "room-0", seq: 3 },
  });

  // Past the age at which nothing more is admitted.
  await server.clock.advance(40_000);
  expect(await alice.emitWithAck("message", { room: "held", content: "too late" })).toMatchObject({
    error: { code: "OVERLOADED", retryable: true, retryAfterMs: expect.any(Number) },
  });
  const late = await Promise.all(OTHERS.map((room) => alice.call("message", { room, content: "late" })));
  expect(late).toHaveLength(OTHERS.length);
  const metrics = await (await fetch(new URL("/metrics", server.url))).text();
  expect(metrics).toContain("roomful_write_buffer_locked_rooms 1\n");
  await session.query("ROLLBACK");

  const published = await alice.waitFor("message", ({ room, content }) => room === "held" && content === "published");
  const numbers = (await Promise.all(held)).map((reply) => (reply.ok ? reply.data.seq : 0));
  expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
  expect(new Set([...numbers, published.seq])).toEqual(new Set([2, 3, 4]));
  // Somebody else: what Alice sends there waits for what was refused to come again.
  const bob = await server.connect({ userId: "bob", rooms: ["held"] });
  await bob.waitFor("room_state");
  expect(await bob.call("message", { room: "held", content: "after" })).toMatchObject({ seq: 5 });
  await server.settled();
  await server.expectRoomConsistent("held");
});
