import { randomUUID } from "node:crypto";

import type { MessageAccepted } from "../../src";
import { startTestServer, type TestServer } from "../../src/testing";
import { queryRows } from "../../src/testing/test-database";
import { callApi } from "../support/api-client";
import { appendElsewhere } from "../support/append-elsewhere";

/** What a restore from backup, retention or an administrator does to the table, seen by a node that runs on. */

const POLL_INTERVAL_MS = 15_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const idsOf = async (room: string): Promise<string[]> => {
  const rows = await queryRows<{ id: string }>(
    server.database,
    "SELECT messages.id FROM messages JOIN rooms ON rooms.id = room_id WHERE name = $1 ORDER BY seq",
    [room],
  );
  return rows.map(({ id }) => id);
};

/** The room as an older backup has it. */
const restore = (room: string, lastSeq: number) =>
  queryRows(
    server.database,
    `WITH room AS (UPDATE rooms SET last_seq = $2, epoch = $3 WHERE name = $1 RETURNING id)
     DELETE FROM messages USING room WHERE room_id = room.id AND seq > $2`,
    [room, lastSeq, randomUUID()],
  );

describe("a message that is sent again after its row is gone", () => {
  it("is stored in a room that nobody is in, not acknowledged from memory", async () => {
    const room = `room-${randomUUID()}`;
    const message = { userId: "billing", content: "Invoice 17 is paid.", id: randomUUID() };
    const publish = () => callApi<MessageAccepted>(server, "POST", `/v1/rooms/${room}/messages`, { body: message });
    await publish();
    await restore(room, 0);
    await server.clock.advance(POLL_INTERVAL_MS);

    const { body } = await publish();

    expect(await idsOf(room)).toEqual([message.id]);
    expect(body).toMatchObject({ seq: 1, duplicate: false });
  });

  it("is not shown again before the table has answered, and once when it is stored anew", async () => {
    const room = `room-${randomUUID()}`;
    const [ada, ben] = [await server.connect({ userId: "ada" }), await server.connect({ userId: "ben" })];
    const [kept, gone] = [randomUUID(), randomUUID()];
    await ada.call("join", { room });
    await ben.call("join", { room });
    for (const id of [kept, gone]) {
      await ada.call("message", { room, content: "hi", id });
      await ben.waitFor("message", (shown) => shown.id === id);
    }
    await restore(room, 1);
    await server.clock.advance(POLL_INTERVAL_MS);
    await ben.waitFor("room_state", (state) => "recovered" in state && state.recovered === false);

    const answers = [
      await ada.call("message", { room, content: "hi", id: kept }),
      await ada.call("message", { room, content: "hi", id: gone }),
    ];

    expect(answers).toMatchObject([
      { seq: 1, duplicate: true },
      { seq: 2, duplicate: false },
    ]);
    expect(await ben.waitFor("message", ({ id }) => id === gone)).toMatchObject({ seq: 2 });
    await ben.expectNone("message", ({ id }) => id === kept);
    expect(await idsOf(room)).toEqual([kept, gone]);
  });
});

describe("rows that were lost in a failover, without a new epoch", () => {
  /** The room's newest rows as a standby that had not received them. */
  const lose = (room: string, lastSeq: number) =>
    queryRows(
      server.database,
      `WITH room AS (UPDATE rooms SET last_seq = $2 WHERE name = $1 RETURNING id)
       DELETE FROM messages USING room WHERE room_id = room.id AND seq > $2`,
      [room, lastSeq],
    );

  it("are noticed at the first number that is given twice: readers reload, newcomers get what the table has", async () => {
    const room = `room-${randomUUID()}`;
    const [ada, ben] = [await server.connect({ userId: "ada" }), await server.connect({ userId: "ben" })];
    await ada.call("join", { room });
    await ben.call("join", { room });
    for (const content of ["one", "two", "lost", "lost too"]) {
      await ada.call("message", { room, content });
    }
    await lose(room, 2);

    await ada.call("message", { room, content: "three" });

    const state = await ben.waitFor("room_state");
    expect(state).toMatchObject({ recovered: false, lastSeq: 3 });
    expect("messages" in state && state.messages.map(({ content }) => content)).toEqual(["one", "two", "three"]);
    const carl = await server.connect({ userId: "carl" });
    const page = await carl.call("join", { room });
    expect(page.messages.map(({ content }) => content)).toEqual(["one", "two", "three"]);
    // Whoever holds a lost number is not told that nothing is missing.
    expect(await carl.call("join", { room, after: 4 })).toMatchObject({ recovered: false, lastSeq: 3 });
  });

  it("are noticed by a look when others have filled their numbers meanwhile", async () => {
    const room = `room-${randomUUID()}`;
    const [ada, ben] = [await server.connect({ userId: "ada" }), await server.connect({ userId: "ben" })];
    await ada.call("join", { room });
    await ben.call("join", { room });
    for (const content of ["one", "lost"]) {
      await ada.call("message", { room, content });
    }
    await lose(room, 1);
    // Committed by a node that this one does not hear.
    for (const content of ["two", "three"]) {
      await appendElsewhere(server.database, { room, content });
    }
    await server.clock.advance(POLL_INTERVAL_MS);

    const state = await ben.waitFor("room_state");
    expect(state).toMatchObject({ recovered: false, lastSeq: 3 });
    expect("messages" in state && state.messages.map(({ content }) => content)).toEqual(["one", "two", "three"]);
  });
});

describe("messages that were deleted", () => {
  it.each([
    ["the oldest, by retention", [1], ["2", "3"]],
    ["one in the middle", [2], ["1", "3"]],
    ["the newest", [3], ["1", "2"]],
  ])("are not answered from memory after the next look, and nobody reloads: %s", async (_name, seqs, left) => {
    const room = `room-${randomUUID()}`;
    const [ada, ben] = [await server.connect({ userId: "ada" }), await server.connect({ userId: "ben" })];
    await ada.call("join", { room });
    for (const content of ["1", "2", "3"]) {
      await ada.call("message", { room, content });
    }
    await queryRows(
      server.database,
      "DELETE FROM messages USING rooms WHERE rooms.id = room_id AND name = $1 AND seq = ANY ($2::bigint[])",
      [room, seqs],
    );

    await server.clock.advance(POLL_INTERVAL_MS);

    let answered: string[];
    do {
      // The look has begun; the test ends when it has, or not at all.
      const { messages } = await ben.call("join", { room });
      answered = messages.map(({ content }) => content);
    } while (answered.length > left.length);
    expect(answered).toEqual(left);
    await ada.expectNone("room_state");
  });
});
