/** What takes the service seconds takes no test that long: its clock is moved on. */
import { startTestServer, type TestServer, until } from "roomful/testing";

import { closeDesks, openDesk } from "./support/desks";

const MINUTE_MS = 60_000;

let server: TestServer;
beforeAll(async () => {
  // A customer on a train is to stay in the list.
  server = await startTestServer({ config: { presence: { graceMs: 10 * MINUTE_MS } } });
});
afterEach(closeDesks);
afterAll(() => server.close());

it("shows who is typing, until they have stopped for 6 s", async () => {
  const customer = openDesk(server, "bo").ticket(1);
  const agent = openDesk(server, "agent-ann").ticket(1);
  await Promise.all([customer, agent].map(({ room }) => until(room, ({ status }) => status === "live")));

  customer.room.setTyping(true);
  const { typing } = await until(agent.room, () => agent.typing.length > 0);
  expect(typing).toEqual([{ userId: "bo", username: "bo" }]);
  await server.clock.advance(6_000);

  await until(agent.room, () => agent.typing.length === 0);
});

it("shows a customer as gone when the network has been lost for ten minutes", async () => {
  const line = await server.net.line();
  const desk = openDesk({ ...server, url: line.url }, "bo");
  desk.ticket(2);
  const agent = openDesk(server, "agent-ann").ticket(2);
  await until(agent.room, () => agent.people.length === 2);

  line.cut();
  await server.clock.advance(8 * MINUTE_MS);
  await agent.write("Are you still there?");
  expect(agent.people).toEqual(["agent-ann", "bo"]);
  await server.clock.advance(2 * MINUTE_MS);

  await until(agent.room, () => agent.people.length === 1);
  expect(agent.people).toEqual(["agent-ann"]);
});

it("says a minute before a token expires that it does", async () => {
  const bo = await server.connect({ userId: "bo", claims: { ttlMs: 10 * MINUTE_MS } });

  await server.clock.advance(8 * MINUTE_MS);
  await bo.expectNone("token_expiring");
  await server.clock.advance(MINUTE_MS);

  await bo.waitFor("token_expiring");
});
