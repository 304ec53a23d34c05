import { randomUUID } from "node:crypto";

import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { queryRows } from "../../src/testing/test-database";

let server: TestServer;
let writer: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  writer = await server.connect({ userId: "writer" });
});
afterAll(() => server.close());

const seqsOf = (messages: { seq: number }[]): number[] => messages.map(({ seq }) => seq);
const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** A room with messages 1 to `count`; nobody is in it. */
async function roomWith(count: number): Promise<string> {
  const room = `room-${randomUUID()}`;
  await writer.call("join", { room });
  for (let sent = 0; sent < count; sent += 50) {
    const size = Math.min(50, count - sent);
    await Promise.all(
      Array.from({ length: size }, (_, index) => writer.call("message", { room, content: `${sent + index + 1}` })),
    );
  }
  await writer.call("leave", { room });
  return room;
}

describe("a join", () => {
  it("answers the newest page, oldest first", async () => {
    const room = await roomWith(120);
    const reader = await server.connect({ userId: "reader" });
    const page = await reader.call("join", { room, limit: 20 });

    expect(seqsOf(page.messages)).toEqual(range(101, 120));
    expect(page).toMatchObject({
      lastSeq: 120,
      recovered: null,
      hasMore: true,
      epoch: expect.any(String),
      pending: [],
    });
  });

  it("answers what follows a number, page after page", async () => {
    const room = await roomWith(120);
    const reader = await server.connect({ userId: "reader" });
    const first = await reader.call("join", { room, after: 10 });
    const second = await reader.call("join", { room, after: 60, epoch: first.epoch });

    expect([seqsOf(first.messages), first.hasMore, first.recovered]).toEqual([range(11, 60), true, true]);
    expect([seqsOf(second.messages), second.hasMore, second.recovered]).toEqual([range(61, 110), true, true]);
    const last = await reader.call("join", { room, after: 120 });
    expect([seqsOf(last.messages), last.hasMore, last.recovered]).toEqual([[], false, true]);
  });

  it.each([
    ["a number that was never given", { after: 99 }],
    ["another epoch", { after: 3, epoch: "of-before-the-restore" }],
    ["a number from before the room had an epoch", { after: 3, epoch: null }],
  ])("answers the newest page, to begin anew from, after %s", async (_what, position) => {
    const room = await roomWith(5);
    const reader = await server.connect({ userId: "reader" });

    const page = await reader.call("join", { room, ...position });

    expect(page.recovered).toBe(false);
    expect(seqsOf(page.messages)).toEqual(range(1, 5));
  });

  it("answers the newest page where something after the number was purged", async () => {
    const room = await roomWith(6);
    await queryRows(
      server.database,
      "DELETE FROM messages WHERE seq <= 3 AND room_id = (SELECT id FROM rooms WHERE name = $1)",
      [room],
    );
    const reader = await server.connect({ userId: "reader" });

    expect(await reader.call("join", { room, after: 1 })).toMatchObject({
      recovered: false,
      messages: [{ seq: 4 }, { seq: 5 }, { seq: 6 }],
    });
    expect(await reader.call("join", { room, after: 3 })).toMatchObject({ recovered: true });
  });

  it("is whole for a reader who has followed the room from before its first message", async () => {
    const room = `room-${randomUUID()}`;
    const reader = await server.connect({ userId: "reader" });
    const before = await reader.call("join", { room });
    await writer.call("join", { room });
    await writer.call("message", { room, content: "first" });

    expect(await reader.call("join", { room, after: 0, epoch: before.epoch })).toMatchObject({
      recovered: true,
      messages: [{ seq: 1, content: "first" }],
    });
  });

  it("answers the same from memory as from the table", async () => {
    const room = await roomWith(30);
    const member = await server.connect({ userId: "member" });
    await member.call("join", { room });
    await writer.call("join", { room });
    await Promise.all(
      range(31, 60).map((number) => writer.call("message", { room, content: `${number}`, metadata: { number } })),
    );
    await server.settled();
    const { messages: fromTable } = await member.call("history", { room, before: 61, limit: 20 });
    // What is gone from the table can only come from memory.
    await queryRows(
      server.database,
      "DELETE FROM messages WHERE seq > 30 AND room_id = (SELECT id FROM rooms WHERE name = $1)",
      [room],
    );

    const fromMemory = await member.call("join", { room, after: 40 });

    expect(fromMemory).toMatchObject({ recovered: true, hasMore: false, lastSeq: 60 });
    expect(fromMemory.messages).toEqual(fromTable);
    expect(seqsOf((await member.call("history", { room, after: 30, limit: 10 })).messages)).toEqual(range(31, 40));
  });

  it("bounds a page by its bytes too", async () => {
    const room = `room-${randomUUID()}`;
    await writer.call("join", { room });
    await Promise.all(range(1, 60).map(() => writer.call("message", { room, content: "x".repeat(8_192) })));
    const reader = await server.connect({ userId: "reader" });

    const newest = await reader.call("join", { room, limit: 200 });
    const older = await reader.call("history", { room, before: newest.messages[0]?.seq ?? 0, limit: 200 });

    expect(Buffer.byteLength(JSON.stringify(newest.messages))).toBeLessThan(300_000);
    expect([newest.hasMore, newest.messages.at(-1)?.seq]).toEqual([true, 60]);
    expect(older.messages.at(-1)?.seq).toBe((newest.messages[0]?.seq ?? 0) - 1);
  });
});

describe("history", () => {
  let room: string;
  let reader: TestClient;
  beforeAll(async () => {
    room = await roomWith(30);
    reader = await server.connect({ userId: "reader" });
    await reader.call("join", { room });
  });

  it.each([
    ["the newest page", {}, range(21, 30), true, false],
    ["what lies before a number", { before: 15 }, range(5, 14), true, false],
    ["the beginning", { before: 6 }, range(1, 5), false, false],
    ["what lies after a number", { after: 15 }, range(16, 25), true, true],
    ["the end", { after: 25 }, range(26, 30), true, false],
    ["nothing after the end", { after: 30 }, [], true, false],
    ["what lies around a number", { around: 15 }, range(11, 20), true, true],
    ["what lies around the first", { around: 1 }, range(1, 6), false, true],
  ])("answers %s", async (_what, place, seqs, hasMoreBefore, hasMoreAfter) => {
    const isNewest = "before" in place ? false : hasMoreAfter;
    const page = await reader.call("history", { room, limit: 10, ...place });

    expect(seqsOf(page.messages)).toEqual(seqs);
    expect(page.hasMoreBefore).toBe(hasMoreBefore);
    expect(page.hasMoreAfter).toBe("before" in place ? true : isNewest);
    expect(page.lastSeq).toBe(30);
    expect("pending" in page).toBe(!page.hasMoreAfter);
  });

  it("takes one of before, after and around", async () => {
    expect(await reader.emitWithAck("history", { room, before: 3, after: 1 })).toMatchObject({
      error: { code: "PAYLOAD_INVALID" },
    });
  });
});

it("tells members to reload when the room has a new epoch", async () => {
  const room = await roomWith(3);
  const reader = await server.connect({ userId: "reader" });
  const { epoch } = await reader.call("join", { room });
  await queryRows(server.database, "UPDATE rooms SET epoch = 'restored', last_seq = 2 WHERE name = $1", [room]);
  await queryRows(
    server.database,
    "DELETE FROM messages WHERE seq = 3 AND room_id = (SELECT id FROM rooms WHERE name = $1)",
    [room],
  );

  await server.clock.advance(15_000);

  const state = await reader.waitFor("room_state");
  expect(state).toMatchObject({ room, epoch: "restored", recovered: false, lastSeq: 2 });
  expect(await reader.call("join", { room, after: 3, epoch })).toMatchObject({ recovered: false, lastSeq: 2 });
});
