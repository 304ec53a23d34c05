import { randomUUID } from "node:crypto";

import { createProgram } from "../../src/cli/create-program";
import { startTestServer, type TestServer } from "../../src/testing";

let server: TestServer;
const isOf = (id: string) => (payload: { id: string }) => payload.id === id;

describe("a service that is strict", () => {
  beforeAll(async () => {
    server = await startTestServer({ config: { delivery: "strict" } });
  });
  afterAll(() => server.close());

  it("shows a message after its commit, with its number, and announces nothing", async () => {
    const reader = await server.connect({ userId: "reader", rooms: ["ledger"] });
    const writer = await server.connect({ userId: "writer", rooms: ["ledger"] });
    const { id, seq } = await writer.call("message", { room: "ledger", content: "booked" });

    const live = await reader.waitFor("message", isOf(id));

    expect(live).toMatchObject({ seq, tip: seq, content: "booked" });
    expect(live).not.toHaveProperty("stored");
    await server.settled();
    await reader.expectNone("stored");
  });

  it("neither shows a duplicate again nor retracts anything", async () => {
    const reader = await server.connect({ userId: "reader", rooms: ["vault"] });
    const writer = await server.connect({ userId: "writer", rooms: ["vault"] });
    const other = await startTestServer({ database: server.database });
    const message = { room: "vault", id: randomUUID(), content: "once" };
    await (await other.connect({ userId: "writer", rooms: ["vault"] })).call("message", message);
    await other.close();

    expect(await writer.call("message", message)).toMatchObject({ seq: 1, duplicate: true });
    expect(await writer.emitWithAck("message", { ...message, content: "other" })).toMatchObject({
      error: { code: "IDEMPOTENCY_CONFLICT" },
    });
    expect(await writer.emitWithAck("message", { room: "vault", content: "to nothing", replyTo: 99 })).toMatchObject({
      error: { code: "STORAGE_REJECTED" },
    });

    await reader.expectNone("message", ({ type }) => type === "text");
    await reader.expectNone("retracted");
  });
});

describe("a room that is strict", () => {
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  async function setDelivery(room: string, delivery: string): Promise<void> {
    const env = { DATABASE_URL: server.database };
    await createProgram(env).parseAsync(["room", room, "--delivery", delivery], { from: "user" });
  }

  it("is one from its first join, and the service sees a change within its poll", async () => {
    const printed = jest.spyOn(console, "log").mockImplementation(() => {});
    await setDelivery("notary", "strict");
    const reader = await server.connect({ userId: "reader", rooms: ["notary"] });
    const writer = await server.connect({ userId: "writer" });
    await writer.call("join", { room: "notary" });

    const strict = await writer.call("message", { room: "notary", content: "after" });
    expect(await reader.waitFor("message", isOf(strict.id))).toMatchObject({ seq: 1 });

    await setDelivery("notary", "fast");
    expect(printed).toHaveBeenCalledWith("notary: fast");
    printed.mockRestore();
    await server.clock.advance(15_000);
    // The poll reads on a connection of its own: ask until it is done.
    for (let live = {}; "seq" in live || !("id" in live); ) {
      const { id } = await writer.call("message", { room: "notary", content: "at once" });
      live = await reader.waitFor("message", isOf(id));
    }
  });
});
