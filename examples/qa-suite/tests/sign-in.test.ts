/** Tokens end while people work. */
import { startTestServer, type TestServer, until } from "roomful/testing";

import { closeDesks, openDesk } from "./support/desks";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterEach(closeDesks);
afterAll(() => server.close());

it("fetches a new token when the old one expires, and goes on", async () => {
  const getToken = jest.fn(() => server.tokens.mint({ userId: "bo" }));
  const desk = openDesk(server, "bo", { getToken });
  const ticket = desk.ticket(1);
  await ticket.write("before");

  await server.tokens.expire("bo");
  await until(desk.connection, ({ lastDisconnect }) => lastDisconnect?.code === "TOKEN_EXPIRED");

  expect(await ticket.write("after")).toBe(2);
  expect(getToken.mock.calls.length).toBeGreaterThan(1);
  await server.expectRoomConsistent("ticket-1", { readers: [ticket.room] });
});

it("asks somebody whose access was withdrawn to sign in, and lets nobody else feel it", async () => {
  const token = await server.tokens.mint({ userId: "mallory" });
  const desk = openDesk(server, "mallory", { token });
  const ticket = desk.ticket(2);
  const agent = openDesk(server, "agent-ann").ticket(2);
  await ticket.write("It was me.");

  await server.tokens.revoke("mallory");
  const { error } = await until(desk.connection, ({ status }) => status === "refused");

  expect(error).toMatchObject({ code: "REVOKED", retryable: false });
  expect(ticket.banner).toBe("Please sign in again.");
  await expect(server.connect({ userId: "mallory", token })).rejects.toMatchObject({ data: { code: "REVOKED" } });
  expect(await agent.write("We know.")).toBe(2);
});
