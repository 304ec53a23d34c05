/** Two nodes with a Redis between them: the agent is on the one, the customer on the other. */
import { startTestServer, type TestNode, type TestServer, until } from "roomful/testing";

import type { SupportDesk, Ticket } from "../src/support-desk";
import { closeDesks, openDesk } from "./support/desks";

let server: TestServer;
let here: TestNode;
let there: TestNode;
beforeAll(async () => {
  server = await startTestServer({ nodes: 2 });
  [here, there] = server.nodes as [TestNode, TestNode];
});
afterEach(closeDesks);
afterAll(() => server.close());

async function openTicket(number: number): Promise<{ agent: Ticket; customer: Ticket; desk: SupportDesk }> {
  const desk = openDesk({ ...server, url: there.url }, "bo");
  const [agent, customer] = [openDesk({ ...server, url: here.url }, "agent-ann").ticket(number), desk.ticket(number)];
  await Promise.all([agent, customer].map(({ room }) => until(room, ({ status }) => status === "live")));
  return { agent, customer, desk };
}

it("loses nothing when the customer's node crashes", async () => {
  const { agent, customer, desk } = await openTicket(1);
  await customer.write("Hello?");

  await there.kill();
  await until(desk.connection, () => customer.banner !== undefined);
  const written = customer.write("Still there?");
  expect(await agent.write("Yes, and you?")).toBe(2);
  await there.restart();
  desk.comeOnline();

  expect(await written).toBe(3);
  await server.expectRoomConsistent("ticket-1", { readers: [agent.room, customer.room] });
});

it("tells clients before a node goes away, and stores what they had sent", async () => {
  const bo = await there.connect({ userId: "bo", rooms: ["ticket-2"] });
  const ann = await here.connect({ userId: "agent-ann", rooms: ["ticket-2"] });
  await Promise.all([bo, ann].map((client) => client.waitFor("room_state")));
  server.postgres.slow(50);
  const sent = bo.call("message", { room: "ticket-2", content: "just in time" });
  await ann.waitFor("message", ({ content }) => content === "just in time");

  await there.drain();

  expect(await sent).toMatchObject({ seq: 1 });
  await bo.waitFor("draining");
  await bo.disconnected();
  await server.postgres.up();
  await server.expectRoomConsistent("ticket-2");
  await there.restart();
});

it("reaches people on the other node without Redis, and with it again", async () => {
  const { agent, customer } = await openTicket(3);

  await server.redis?.down();
  await customer.write("Is Redis down?");
  await until(agent.room, () => agent.isWaitingForAgent);
  await server.redis?.up();
  await agent.write("Not any more.");

  await server.expectRoomConsistent("ticket-3", { readers: [agent.room, customer.room] });
});
