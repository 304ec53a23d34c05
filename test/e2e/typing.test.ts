import { startTestServer, type TestServer } from "../../src/testing";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

async function enter(room: string) {
  const alice = await server.connect({ userId: "alice" });
  const tab = await server.connect({ userId: "alice" });
  const bob = await server.connect({ userId: "bob" });
  for (const client of [alice, tab, bob]) {
    await client.call("join", { room });
  }
  return { alice, tab, bob };
}

it("tells the others, and none of the typist's own tabs", async () => {
  const { alice, tab, bob } = await enter("one");
  await alice.call("typing", { room: "one", isTyping: true });

  expect(await bob.waitFor("typing")).toEqual({ room: "one", userId: "alice", username: "alice", isTyping: true });
  await alice.expectNone("typing");
  await tab.expectNone("typing");
});

it("forwards `true` once in three seconds, and `false` always", async () => {
  const { alice, bob } = await enter("two");
  await alice.call("typing", { room: "two", isTyping: true });
  await alice.call("typing", { room: "two", isTyping: true });
  await bob.waitFor("typing");
  await bob.expectNone("typing");

  await server.clock.advance(3_100);
  await alice.call("typing", { room: "two", isTyping: true });
  expect(await bob.waitFor("typing")).toMatchObject({ isTyping: true });
  await alice.call("typing", { room: "two", isTyping: false });
  expect(await bob.waitFor("typing")).toMatchObject({ isTyping: false });
});

it("ends by itself after six seconds", async () => {
  const { alice, bob } = await enter("three");
  await alice.call("typing", { room: "three", isTyping: true });
  await bob.waitFor("typing");

  // Not nearer to the end: real time goes on too.
  await server.clock.advance(1_000);
  await bob.expectNone("typing");
  await server.clock.advance(5_100);

  expect(await bob.waitFor("typing")).toMatchObject({ userId: "alice", isTyping: false });
});

it("ends when the typist's last tab leaves", async () => {
  const { alice, tab, bob } = await enter("four");
  await alice.call("typing", { room: "four", isTyping: true });
  await bob.waitFor("typing");

  await alice.call("leave", { room: "four" });
  await bob.expectNone("typing");
  tab.close();

  expect(await bob.waitFor("typing")).toMatchObject({ userId: "alice", isTyping: false });
});
