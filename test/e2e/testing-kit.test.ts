import { startTestServer, type TestServer } from "../../src/testing";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it("cuts one client, and lets it come back", async () => {
  const alice = await server.connect({ userId: "alice", rooms: ["cut"] });
  const bob = await server.connect({ userId: "bob", rooms: ["cut"] });
  await bob.waitFor("room_state");

  alice.net.cut();
  await alice.disconnected();
  await expect(alice.reconnect()).rejects.toThrow();
  const { seq } = await bob.call("message", { room: "cut", content: "Where are you?" });
  alice.net.resume();
  await alice.reconnect();

  expect(await alice.call("join", { room: "cut", after: 0 })).toMatchObject({
    recovered: true,
    messages: [{ seq, content: "Where are you?" }],
  });
  await server.expectRoomConsistent("cut");
});
