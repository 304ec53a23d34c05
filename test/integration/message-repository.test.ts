import { randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";

import { createDataSource } from "../../src/database/data-source";
import { classifyWriteError } from "../../src/database/retry-policy";
import { type AppendResult, MessageRepository, type NewMessage } from "../../src/repositories/message-repository";
import { readTable } from "../../src/testing/room-table";
import { createTestDatabase, queryRows, type TestDatabase } from "../../src/testing/test-database";
import { newMessage } from "../support/new-message";
import { createRandom } from "../support/random";

let database: TestDatabase;
let dataSource: DataSource;
let messages: MessageRepository;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = createDataSource({ url: database.url, poolSize: 4 });
  await dataSource.initialize();
  messages = new MessageRepository(dataSource, dataSource);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const inRoom = (room: string, count: number, given: Partial<NewMessage> = {}): NewMessage[] =>
  range(count).map((index) => newMessage({ room, content: `${index}`, ...given }));

/** As the write buffer does: the whole call again when two met. */
async function appendUntilDone(batch: readonly NewMessage[]): Promise<{ results: AppendResult[]; repeats: number }> {
  for (let repeats = 0; ; repeats += 1) {
    try {
      return { results: await messages.append(batch), repeats };
    } catch (error) {
      if (classifyWriteError(error) !== "repeat") {
        throw error;
      }
    }
  }
}

async function expectGapless(): Promise<void> {
  const rooms = await queryRows(
    database.url,
    `SELECT rooms.name, last_seq, count(seq), min(seq), max(seq) FROM rooms JOIN messages ON room_id = rooms.id
     GROUP BY rooms.id HAVING count(seq) <> last_seq OR max(seq) <> last_seq OR min(seq) <> 1`,
  );
  expect(rooms).toEqual([]);
}

describe("append", () => {
  it("numbers the messages of each room in order, and answers in the order of the batch", async () => {
    const batch = [...inRoom("a", 3), ...inRoom("b", 2), ...inRoom("a", 1)];
    const results = await messages.append(batch);

    expect(results.map(({ status, seq }) => [status, seq])).toEqual([1, 2, 3, 1, 2, 4].map((seq) => ["stored", seq]));
    expect(results.map(({ createdAt }) => +createdAt)).toEqual(batch.map(({ createdAt }) => +createdAt));
    expect(new Set(results.map(({ epoch }) => epoch)).size).toBe(2);
  });

  it("answers a batch that comes again with the first numbers, and stores nothing", async () => {
    const batch = inRoom("again", 5);
    const first = await messages.append(batch);
    const second = await messages.append([...batch.toReversed(), newMessage({ room: "again" })]);

    expect(second.map(({ status, seq }) => [status, seq])).toEqual([
      ...[5, 4, 3, 2, 1].map((seq) => ["duplicate", seq]),
      ["stored", 6],
    ]);
    expect(second[0]?.createdAt).toEqual(first[4]?.createdAt);
  });

  it("finds duplicates and conflicts within a batch", async () => {
    const message = newMessage({ room: "inside", metadata: { a: 1, b: [null] }, mentions: ["x"] });
    const results = await messages.append([
      message,
      { ...message, metadata: { b: [null], a: 1 }, createdAt: new Date(0) },
      { ...message, content: "other" },
      { ...message, room: "another" },
      { ...message, mentions: null },
      { ...message, replyTo: 1 },
      { ...message, userId: "bob" },
    ]);

    expect(results.map(({ status, seq }) => [status, seq])).toEqual([
      ["stored", 1],
      ["duplicate", 1],
      ["conflict", 1],
      ["conflict", 1],
      ["conflict", 1],
      ["conflict", 1],
      ["stored", 2],
    ]);
  });

  it("rejects an answer to what is not stored before the call, and gives it no number", async () => {
    const results = await messages.append([
      newMessage({ room: "replies" }),
      newMessage({ room: "replies", replyTo: 1 }),
      newMessage({ room: "replies" }),
    ]);
    expect(results.map(({ status, seq }) => [status, seq])).toEqual([
      ["stored", 1],
      ["rejected", 0],
      ["stored", 2],
    ]);

    const [reply, beyond] = await messages.append([
      newMessage({ room: "replies", replyTo: 2 }),
      newMessage({ room: "replies", replyTo: 4 }),
    ]);
    expect([reply?.status, beyond?.status]).toEqual(["stored", "rejected"]);
  });

  it("stores what it is given, byte for byte", async () => {
    const message = newMessage({
      room: "bytes",
      content: '\u0001\\ {"x"} \r\n 𝕳 e\u0301 \ufffe',
      mentions: ["a,b", `"q"`, "{}", "NULL", ""],
      metadata: { "": null, nested: { list: [1, 1.5, "\u0007"] } },
    });
    await messages.append([message]);
    const page = await messages.page({ namespace: "/", room: "bytes", limit: 1, maxBytes: 1_000, newest: true });

    expect(page.messages[0]).toEqual({
      ...{ id: message.id, room: "bytes", seq: 1, type: "text", content: message.content },
      ...{ userId: "alice", username: "Alice", color: "#123456", createdAt: message.createdAt.toISOString() },
      ...{ mentions: message.mentions, metadata: message.metadata },
    });
  });
});

describe("appendToFreeRooms", () => {
  it("answers null for messages of a room that somebody holds, stores none of them, and all others as they are", async () => {
    await messages.append([...inRoom("held", 1), ...inRoom("free", 1)]);
    const session = dataSource.createQueryRunner();
    await session.startTransaction();
    await session.query("SELECT FROM rooms WHERE name = 'held' FOR UPDATE");
    const full = newMessage({ room: "free", metadata: { a: [1] }, mentions: ["x", "y"], replyTo: 1 });
    const batch = [
      ...inRoom("held", 2),
      full,
      newMessage({ room: "new" }),
      newMessage({ room: "free", replyTo: 99 }),
      ...inRoom("held", 1),
      newMessage({ room: "free" }),
    ];
    for (const mayWait of [false, true]) {
      const results = await messages.appendToFreeRooms(batch, mayWait);
      expect(results.map((result) => result && [result.status, result.seq])).toEqual([
        ...[null, null],
        ...(mayWait ? [["duplicate", 2]] : [["stored", 2]]),
        ...(mayWait ? [["duplicate", 1]] : [["stored", 1]]),
        ["rejected", 0],
        null,
        ...(mayWait ? [["duplicate", 3]] : [["stored", 3]]),
      ]);
    }
    const page = await messages.page({ namespace: "/", room: "free", limit: 9, maxBytes: 9_999, after: 1 });
    expect(page.messages[0]).toMatchObject({ metadata: { a: [1] }, mentions: ["x", "y"], replyTo: 1 });
    await session.rollbackTransaction();
    await session.release();

    const results = await messages.appendToFreeRooms(batch, true);
    expect(results.map((result) => result?.seq)).toEqual([2, 3, 2, 1, 0, 4, 3]);
  });

  it("loses and doubles nothing between calls that wait and calls that do not", async () => {
    const rooms = range(6).map((index) => `mixed-${index}`);
    const callers = range(4).map(async (caller) => {
      for (const round of range(25)) {
        let left = rooms.map((room) => newMessage({ room, content: `${caller} ${round}` }));
        if (caller % 2 === 1) {
          left.reverse();
        }
        while (left.length > 0) {
          const results = await messages.appendToFreeRooms(left, caller < 2);
          left = left.filter((_, index) => results[index] === null);
        }
      }
    });
    await Promise.all(callers);

    const stored = (await readTable(database.url)).filter(({ room }) => room.startsWith("mixed-"));
    expect(stored).toHaveLength(4 * 25 * rooms.length);
    await expectGapless();
  });
});

it.each(["SELECT FROM rooms WHERE name = 'taken' FOR UPDATE", "UPDATE rooms SET name = name WHERE name = 'taken'"])(
  "names the rooms whose rows somebody holds by %s, and holds none itself",
  async (hold) => {
    await messages.append([...inRoom("taken", 1), ...inRoom("left alone", 1)]);
    const rooms = ["taken", "left alone", "never made"].map((room) => ({ namespace: "/", room }));
    const session = dataSource.createQueryRunner();
    await session.startTransaction();
    await session.query(hold);
    expect(await messages.heldRooms(rooms)).toEqual([{ namespace: "/", room: "taken" }]);
    await session.rollbackTransaction();
    await session.release();

    expect(await messages.heldRooms(rooms)).toEqual([]);
  },
);

describe("append on two connections at once", () => {
  it("stores ids once that come in opposite order", async () => {
    for (const round of range(30)) {
      const rooms = [`x-${round}`, `y-${round}`];
      const batch = rooms.flatMap((room) => inRoom(room, 20));
      const [first, second] = await Promise.all([appendUntilDone(batch), appendUntilDone(batch.toReversed())]);

      expect(second.results.toReversed().map(({ seq }) => seq)).toEqual(first.results.map(({ seq }) => seq));
      const stored = [...first.results, ...second.results].filter(({ status }) => status === "stored");
      expect(stored).toHaveLength(batch.length);
    }
    await expectGapless();
  });

  it("gives one id in two rooms to one of them, and calls the other a conflict", async () => {
    let repeats = 0;
    for (const round of range(50)) {
      const id = randomUUID();
      const outcomes = await Promise.all(
        ["left", "right"].map((room) =>
          appendUntilDone([...inRoom(`${room}-${round}`, 5), newMessage({ id, room: `${room}-${round}` })]),
        ),
      );
      repeats += outcomes.reduce((sum, outcome) => sum + outcome.repeats, 0);

      expect(outcomes.map(({ results }) => results.at(-1)?.status).toSorted()).toEqual(["conflict", "stored"]);
    }
    // The race is met: 23505 on the key, and the call runs again.
    expect(repeats).toBeGreaterThan(0);
    await expectGapless();
  });

  it("makes new rooms in opposite order without a deadlock", async () => {
    for (const round of range(30)) {
      const batch = range(20).map((index) => newMessage({ room: `new-${round}-${index}` }));
      const again = range(20).map((index) => newMessage({ room: `new-${round}-${19 - index}` }));
      const [first, second] = await Promise.all([appendUntilDone(batch), appendUntilDone(again)]);

      expect([first.repeats, second.repeats]).toEqual([0, 0]);
    }
    await expectGapless();
  });

  it("numbers without holes and in each batch's order, whatever meets (seeded)", async () => {
    const random = createRandom(7);
    const pick = (count: number): number => Math.floor(random() * count);
    const ids = range(300).map(() => randomUUID());
    const batches = range(120).map(() =>
      range(1 + pick(30)).map(() =>
        newMessage({ room: `mix-${pick(6)}`, id: ids[pick(300)] ?? "", userId: `u${pick(3)}` }),
      ),
    );
    const queue = [...batches];
    const stored: { batch: NewMessage[]; results: AppendResult[] }[] = [];
    await Promise.all(
      range(4).map(async () => {
        for (let batch = queue.pop(); batch; batch = queue.pop()) {
          stored.push({ batch, results: (await appendUntilDone(batch)).results });
        }
      }),
    );

    await expectGapless();
    const table = new Map((await readTable(database.url)).map((row) => [`${row.userId} ${row.id}`, row]));
    for (const { batch, results } of stored) {
      const last = new Map<string, number>();
      results.forEach(({ status, seq }, index) => {
        const message = batch[index] as NewMessage;
        const row = table.get(`${message.userId} ${message.id}`);
        expect(row?.seq).toBe(seq);
        expect(row?.room === message.room ? "same" : "conflict").toBe(status === "conflict" ? "conflict" : "same");
        if (status === "stored") {
          expect(seq).toBeGreaterThan(last.get(message.room) ?? 0);
          last.set(message.room, seq);
        }
      });
    }
  });
});

describe("page", () => {
  it("answers every page as a walk over the whole room would (seeded)", async () => {
    const random = createRandom(11);
    const count = 40;
    for (const each of inRoom("pages", count)) {
      await messages.append([{ ...each, content: "x".repeat(1 + Math.floor(random() * 400)) }]);
    }
    // As after a purge of what is old.
    await queryRows(
      database.url,
      "DELETE FROM messages USING rooms WHERE rooms.id = room_id AND name = 'pages' AND seq <= 5",
    );
    const all = range(count - 5).map((index) => index + 6);

    for (const _ of range(300)) {
      const limit = 1 + Math.floor(random() * 12);
      const at = Math.floor(random() * (count + 4));
      const place = ["newest", "before", "after", "around"][Math.floor(random() * 4)] as string;
      const query = {
        namespace: "/",
        room: "pages",
        limit,
        maxBytes: 1e9,
        ...(place === "newest" ? { newest: true as const } : { [place]: at }),
      };
      const page = await messages.page(query as Parameters<typeof messages.page>[0]);

      const before = all.filter((seq) => seq < at);
      const from = all.filter((seq) => seq >= at);
      const half = Math.floor((limit - 1) / 2);
      const expected: Record<string, number[]> = {
        newest: all.slice(-limit),
        before: before.slice(-limit),
        after: all.filter((seq) => seq > at).slice(0, limit),
        around: [...(half > 0 ? before.slice(-half) : []), ...from.slice(0, limit - half)],
      };
      expect({ place, at, limit, seqs: page.messages.map(({ seq }) => seq) }).toEqual({
        place,
        at,
        limit,
        seqs: expected[place],
      });
      const [first, last] = [page.messages[0]?.seq, page.messages.at(-1)?.seq];
      if (first !== undefined && last !== undefined) {
        expect([page.hasMoreBefore, page.hasMoreAfter]).toEqual([first > 6, last < count]);
      }
    }
  });

  it("is null for a room without a row", async () => {
    expect(await messages.page({ namespace: "/", room: "never", limit: 5, maxBytes: 1, newest: true })).toEqual({
      ...{ room: null, messages: [], hasMoreBefore: false, hasMoreAfter: false },
    });
  });
});
