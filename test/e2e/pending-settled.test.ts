import { startTestServer } from "../../src/testing";
import { appendElsewhere } from "../support/append-elsewhere";

/** What was shown and never numbered or retracted where it is waited for. */

it("gives up what a killed node had shown and not stored, and tells those who saw it", async () => {
  const server = await startTestServer({ nodes: 2, config: { database: { probeIntervalMs: 100 } } });
  try {
    const [first, second] = server.nodes as [(typeof server.nodes)[0], (typeof server.nodes)[0]];
    const ada = await first.connect({ userId: "ada" });
    const ben = await second.connect({ userId: "ben" });
    await ada.call("join", { room: "general" });
    await ben.call("join", { room: "general" });
    await ada.call("message", { room: "general", content: "stored" });
    await ben.waitFor("stored");
    await server.postgres.down();
    const unanswered = ada.emitWithAck("message", { room: "general", content: "lost" }).catch(() => "no answer");
    const { id } = await ben.waitFor("message", ({ content }) => content === "lost");
    await first.kill();
    await server.postgres.up();

    // As long as another node may need to store what it holds, counted from when Postgres is seen to answer again.
    while (ben.received("retracted").length === 0) {
      await second.clock.advance(15_000);
      await ben.fence();
    }

    expect(await ben.waitFor("retracted")).toMatchObject({
      room: "general",
      userId: "ada",
      id,
      code: "STORAGE_REJECTED",
    });
    const carl = await second.connect({ userId: "carl" });
    expect(await carl.call("join", { room: "general" })).toMatchObject({ lastSeq: 1, pending: [] });
    ada.close();
    void unanswered;
  } finally {
    await server.close();
  }
});

it("lists what this node is still about to store for those who come when everybody had left", async () => {
  const server = await startTestServer();
  try {
    const ada = await server.connect({ userId: "ada" });
    await ada.call("join", { room: "general" });
    server.postgres.pause();
    const sending = ada.emitWithAck("message", { room: "general", content: "waits" });
    await ada.waitFor("message", ({ content }) => content === "waits");
    await ada.call("leave", { room: "general" });

    const rejoining = ada.call("join", { room: "general" });
    server.postgres.resume();

    expect((await rejoining).pending).toMatchObject([{ content: "waits" }]);
    await sending;
    await server.settled();
    expect((await ada.call("join", { room: "general" })).pending).toEqual([]);
  } finally {
    await server.close();
  }
});

describe("a reply to a number that this node has not heard of", () => {
  it("is refused before anybody sees it, or shown with its number when it was given elsewhere", async () => {
    const server = await startTestServer();
    try {
      const [ada, ben] = [await server.connect({ userId: "ada" }), await server.connect({ userId: "ben" })];
      await ada.call("join", { room: "general" });
      await ben.call("join", { room: "general" });
      await ada.call("message", { room: "general", content: "one" });

      const refused = await ada.emitWithAck("message", { room: "general", content: "to nothing", replyTo: 2 });
      expect(refused).toMatchObject({ ok: false, error: { code: "STORAGE_REJECTED" } });
      await ben.expectNone("retracted");
      await ben.expectNone("message", ({ content }) => content === "to nothing");

      // Committed by a node that this one does not hear.
      await appendElsewhere(server.database, { room: "general", content: "two" });
      await ada.call("message", { room: "general", content: "to two", replyTo: 2 });
      expect(await ben.waitFor("message", ({ content }) => content === "to two")).toMatchObject({ seq: 3, replyTo: 2 });
    } finally {
      await server.close();
    }
  });
});
