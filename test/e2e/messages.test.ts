import { startTestServer, type TestServer } from "../../src/testing";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it("acknowledges a message and delivers it to the room, its sender included", async () => {
  const alice = await server.connect({ userId: "alice", rooms: ["general"] });
  const bob = await server.connect({ userId: "bob" });
  await bob.call("join", { room: "general" });

  const reply = await alice.emitWithAck("message", { room: "general", content: "hi" });

  expect(reply).toMatchObject({ ok: true, data: { seq: 1, duplicate: false } });
  for (const client of [alice, bob]) {
    expect(await client.waitFor("message", ({ type }) => type === "text")).toMatchObject({
      room: "general",
      userId: "alice",
      username: "alice",
      content: "hi",
      tip: 0,
    });
  }
});
