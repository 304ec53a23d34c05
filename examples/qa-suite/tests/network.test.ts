/** The customer's network is bad. Each desk here has a line of its own, so that only it feels what is done to the line. */
import { startTestServer, type TestServer, until } from "roomful/testing";

import { closeDesks, openDesk } from "./support/desks";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(closeDesks);
afterAll(() => server.close());

it("keeps what is written offline, and catches up with what was missed", async () => {
  const line = await server.net.line();
  const desk = openDesk({ ...server, url: line.url }, "bo");
  const customer = desk.ticket(1);
  const agent = openDesk(server, "agent-ann").ticket(1);
  await customer.write("Hello?");

  line.cut();
  await until(desk.connection, () => customer.banner !== undefined);
  const written = customer.write("Are you there?");
  await agent.write("Yes, I am.");
  expect(customer.banner).toBe("You are offline. What you write is sent later.");
  expect(customer.lines.at(-1)).toEqual({ author: "bo", text: "Are you there?", state: "sending" });
  line.resume();
  desk.comeOnline();

  expect(await written).toBe(3);
  await server.expectRoomConsistent("ticket-1", { readers: [customer.room, agent.room] });
  expect(customer.lines.map(({ text }) => text)).toEqual(["Hello?", "Yes, I am.", "Are you there?"]);
  expect(customer.banner).toBeUndefined();
});

it("sends a line once, though its answer was lost", async () => {
  const line = await server.net.line();
  const desk = openDesk({ ...server, url: line.url }, "bo");
  const customer = desk.ticket(2);
  const agent = openDesk(server, "agent-ann").ticket(2);
  await Promise.all([customer, agent].map(({ room }) => until(room, ({ status }) => status === "live")));

  // The service has the line and cannot answer yet; when it can, nobody hears it.
  server.postgres.pause();
  const written = customer.write("Pay me once, please.");
  await until(agent.room, () => agent.lines.length === 1);
  line.cut();
  server.postgres.resume();
  await server.settled();
  line.resume();
  desk.comeOnline();

  expect(await written).toBe(1);
  await server.expectRoomConsistent("ticket-2", { readers: [customer.room, agent.room] });
  expect(agent.lines).toHaveLength(1);
});

it("marks a line as sent only when a slow network has brought the answer", async () => {
  const line = await server.net.line();
  const customer = openDesk({ ...server, url: line.url }, "bo").ticket(3);
  await until(customer.room, ({ status }) => status === "live");

  line.slow(100);
  const written = customer.write("Is this on?");
  expect(customer.lines).toEqual([{ author: "bo", text: "Is this on?", state: "sending" }]);
  await written;

  expect(customer.lines).toEqual([{ author: "bo", text: "Is this on?", state: "sent" }]);
});
