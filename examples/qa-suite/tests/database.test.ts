/** Postgres is away. Only this server feels it, also where several share one Postgres. */
import { startTestServer, type TestServer, until } from "roomful/testing";

import { closeDesks, openDesk } from "./support/desks";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  closeDesks();
  await server.postgres.up();
});
afterAll(() => server.close());

it("lets people talk on, and marks nothing as sent before it is", async () => {
  const customer = openDesk(server, "bo").ticket(1);
  const agent = openDesk(server, "agent-ann").ticket(1);
  await Promise.all([customer, agent].map(({ room }) => until(room, ({ status }) => status === "live")));

  await server.postgres.down();
  const written = [customer.write("Hello?")];
  await until(agent.room, () => agent.lines.length === 1);
  written.push(agent.write("Hello!"));
  await until(customer.room, () => customer.lines.length === 2);
  expect(customer.lines[0]).toEqual({ author: "bo", text: "Hello?", state: "sending" });
  await server.postgres.up();

  expect(await Promise.all(written)).toEqual([1, 2]);
  await server.expectRoomConsistent("ticket-1", { readers: [customer.room, agent.room] });
});

it("refuses a line that it could not store, before anybody has seen it", async () => {
  const bo = await server.connect({ userId: "bo", rooms: ["ticket-2"] });
  const ann = await server.connect({ userId: "agent-ann", rooms: ["ticket-2"] });
  await ann.waitFor("room_state");
  await server.postgres.down();
  const kept = bo.call("message", { room: "ticket-2", content: "kept" });
  await ann.waitFor("message", ({ content }) => content === "kept");

  // Nothing has been stored for 30 s.
  await server.clock.advance(31_000);
  const refused = await bo.emitWithAck("message", { room: "ticket-2", content: "refused" });
  expect(refused).toMatchObject({ ok: false, error: { code: "OVERLOADED", retryable: true } });
  await ann.expectNone("message", ({ content }) => content === "refused");

  await server.postgres.up();
  // The next attempt is due.
  await server.clock.advance(60_000);
  expect((await kept).seq).toBe(1);
  await server.expectRoomConsistent("ticket-2");
});

it("is patient with a database that is slow", async () => {
  const customer = openDesk(server, "bo").ticket(3);
  await until(customer.room, ({ status }) => status === "live");
  server.postgres.slow(200);

  const written = customer.write("Take your time.");

  expect(customer.lines[0]?.state).toBe("sending");
  expect(await written).toBe(1);
  await server.expectRoomConsistent("ticket-3", { readers: [customer.room] });
});
