import { startTestServer, type TestServer } from "../../src/testing";

let here: TestServer;
let there: TestServer;
beforeAll(async () => {
  here = await startTestServer();
  there = await startTestServer({ database: here.database });
});
afterAll(async () => {
  await there.close();
  await here.close();
});

it("tells its members what was stored in their room elsewhere, at the next look at the table", async () => {
  const alice = await here.connect({ userId: "alice" });
  const bob = await there.connect({ userId: "bob" });
  await alice.call("join", { room: "general" });
  await bob.call("join", { room: "general" });
  const sent = [];
  for (let index = 0; index < 5; index += 1) {
    sent.push(await alice.call("message", { room: "general", content: `${index}`, metadata: { index } }));
  }
  await bob.expectNone("message", ({ type }) => type === "text");

  await there.clock.advance(15_000);

  for (const [index, { id, seq }] of sent.entries()) {
    expect(await bob.waitFor("message", (message) => message.id === id)).toMatchObject({
      ...{ room: "general", seq, tip: 5, content: `${index}`, userId: "alice", metadata: { index } },
    });
  }
  // Once, though the look is repeated.
  await there.clock.advance(15_000);
  await there.settled();
  await bob.expectNone("message", ({ type }) => type === "text");
  const { seq } = await bob.call("message", { room: "general", content: "from there" });
  expect(seq).toBe(6);
  expect(await bob.call("join", { room: "general", after: 0 })).toMatchObject({
    lastSeq: 6,
    recovered: true,
    hasMore: false,
  });
});

it("tells the rest of what it has missed at the looks that follow", async () => {
  const alice = await here.connect({ userId: "alice", rooms: ["busy"] });
  const bob = await there.connect({ userId: "bob", rooms: ["busy"] });
  await alice.waitFor("room_state");
  await bob.waitFor("room_state");
  for (let batch = 0; batch < 5; batch += 1) {
    await Promise.all(Array.from({ length: 50 }, () => alice.call("message", { room: "busy", content: "x" })));
  }

  await there.clock.advance(15_000);
  expect((await bob.waitFor("message", ({ seq }) => seq === 200)).tip).toBe(250);
  await bob.expectNone("message", ({ seq = 0 }) => seq > 200);
  await there.clock.advance(15_000);

  await bob.waitFor("message", ({ seq }) => seq === 250);
  expect(bob.received("message").flatMap(({ seq }) => seq ?? [])).toEqual(
    Array.from({ length: 250 }, (_, index) => index + 1),
  );
});
