/** The app's backend speaks into tickets, over HTTP. */
import { startTestServer, type TestServer, until } from "roomful/testing";

import { TicketService } from "../src/ticket-service";
import { closeDesks, openDesk } from "./support/desks";

let server: TestServer;
let service: TicketService;
beforeAll(async () => {
  server = await startTestServer();
  service = new TicketService(server);
});
afterEach(closeDesks);
afterAll(() => server.close());

it("writes a refund into the ticket once, however often it is reported", async () => {
  const customer = openDesk(server, "bo").ticket(1);

  await service.reportRefund(1, "re_17", 25);
  await service.reportRefund(1, "re_17", 25);
  await service.reportRefund(1, "re_18", 5);
  await until(customer.room, () => customer.lines.length === 2);

  expect(customer.lines.map(({ text }) => text)).toEqual([
    "25 € are on their way back to you.",
    "5 € are on their way back to you.",
  ]);
  await server.expectRoomConsistent("ticket-1", { readers: [customer.room] });
});

it("tells open screens that a ticket is closed", async () => {
  const desk = openDesk(server, "bo");
  const reason = new Promise((resolve) => desk.onTicketClosed(resolve));
  const ann = await server.connect({ userId: "agent-ann", rooms: ["ticket-2"] });
  await ann.waitFor("room_state");
  await until(desk.ticket(2).room, ({ status }) => status === "live");

  await service.close(2, "solved");

  expect(await reason).toBe("solved");
  expect(await ann.waitFor("ticket_closed")).toEqual({ reason: "solved" });
});

it("is answered when the database is back", async () => {
  const customer = openDesk(server, "bo").ticket(3);
  await until(customer.room, ({ status }) => status === "live");
  server.postgres.pause();

  const reported = service.reportRefund(3, "re_19", 7);
  await until(customer.room, () => customer.lines.length === 1);
  server.postgres.resume();

  await reported;
  await server.expectRoomConsistent("ticket-3", { readers: [customer.room] });
});

it("is refused without a key, also in other languages than ours", async () => {
  const post = (key: string) =>
    fetch(`${server.url}/v1/rooms/ticket-4/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ userId: "billing", content: "Hello from curl" }),
    });

  const refused = await post("not-the-key");
  expect([refused.status, await refused.json()]).toMatchObject([401, { code: "API_KEY_INVALID" }]);
  const published = await post(server.apiKey);
  expect([published.status, await published.json()]).toMatchObject([201, { seq: 1, duplicate: false }]);
});
