/** Two people talk: the app's own screens, and clients that show what goes over the wire. */
import { startTestServer, type TestServer, until } from "roomful/testing";

import { closeDesks, openDesk } from "./support/desks";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(closeDesks);
afterAll(() => server.close());

it("shows the question to the agent, and the answer to the customer", async () => {
  const customer = openDesk(server, "bo").ticket(1);
  const agent = openDesk(server, "agent-ann").ticket(1);

  expect(await customer.write("My parcel is late.")).toBe(1);
  await until(agent.room, () => agent.isWaitingForAgent);
  expect(await agent.write("It comes tomorrow.")).toBe(2);
  await until(customer.room, () => !customer.isWaitingForAgent);

  expect(customer.lines).toEqual([
    { author: "bo", text: "My parcel is late.", state: "sent" },
    { author: "agent-ann", text: "It comes tomorrow.", state: "sent" },
  ]);
  await server.expectRoomConsistent("ticket-1", { readers: [customer.room, agent.room] });
});

it("shows a line at once, and its number when it is stored", async () => {
  const bo = await server.connect({ userId: "bo", rooms: ["ticket-2"] });
  const ann = await server.connect({ userId: "agent-ann", rooms: ["ticket-2"] });
  await ann.waitFor("room_state");

  const { id, seq } = await bo.call("message", { room: "ticket-2", content: "Hello?" });

  const shown = await ann.waitFor("message", (message) => message.id === id);
  expect(shown).toMatchObject({ userId: "bo", content: "Hello?" });
  expect((await ann.waitFor("stored")).runs).toEqual([{ from: seq, items: [["bo", id]] }]);
  await server.expectRoomConsistent("ticket-2");
});

it("keeps a ticket to those whose token names it", async () => {
  const bo = await server.connect({ userId: "bo", claims: { rooms: ["ticket-3"] } });
  await bo.call("join", { room: "ticket-3" });

  await expect(bo.call("join", { room: "ticket-4" })).rejects.toMatchObject({ data: { code: "ROOM_FORBIDDEN" } });
});
