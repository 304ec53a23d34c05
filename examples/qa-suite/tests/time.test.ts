/** What takes the service seconds takes no test that long: its clock is moved on. */
import { startTestServer, type TestServer, until } from "roomful/testing";

import { closeDesks, openDesk } from "./support/desks";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(closeDesks);
afterAll(() => server.close());

it("shows who is typing, until they have stopped for 6 s", async () => {
  const customer = openDesk(server, "bo").ticket(1);
  const agent = openDesk(server, "agent-ann").ticket(1);
  await Promise.all([customer, agent].map(({ room }) => until(room, ({ status }) => status === "live")));

  customer.room.setTyping(true);
  await until(agent.room, () => agent.typing.length > 0);
  expect(agent.typing).toEqual(["bo"]);
  await server.clock.advance(6_000);

  await until(agent.room, () => agent.typing.length === 0);
});

it("shows a customer as gone when the network has been lost for 5 s", async () => {
  const line = await server.net.line();
  const desk = openDesk({ ...server, url: line.url }, "bo");
  desk.ticket(2);
  const agent = openDesk(server, "agent-ann").ticket(2);
  await until(agent.room, () => agent.people.length === 2);

  line.cut();
  await server.clock.advance(4_000);
  await agent.write("Are you still there?");
  expect(agent.people).toEqual(["agent-ann", "bo"]);
  await server.clock.advance(1_000);

  await until(agent.room, () => agent.people.length === 1);
  expect(agent.people).toEqual(["agent-ann"]);
});

it("says a minute before a token expires that it does", async () => {
  const bo = await server.connect({ userId: "bo", claims: { ttlMs: 10 * 60_000 } });

  await server.clock.advance(8 * 60_000);
  await bo.expectNone("token_expiring");
  await server.clock.advance(60_000);

  await bo.waitFor("token_expiring");
});
