import type { PageQuery, RoomPage } from "../../../src/repositories/message-repository";
import { PageReader, type PageReaderOptions } from "../../../src/room-log/page-reader";

interface Asked {
  query: PageQuery;
  answer(lastSeq: number): Promise<void>;
  fail(error: Error): Promise<void>;
}

class PostgresIsAway extends Error {}

const pageOf = (lastSeq: number): RoomPage => ({
  room: { epoch: "e1", lastSeq, delivery: null },
  messages: [],
  hasMoreBefore: false,
  hasMoreAfter: false,
});

const newest = (room: string): PageQuery => ({ namespace: "/", room, limit: 50, maxBytes: 1_000, newest: true });

/** A turn of the event loop: what was asked in one begins at the end of it. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function setup(options: Partial<PageReaderOptions> = {}) {
  const asked: Asked[] = [];
  const reader = new PageReader({
    messages: {
      page: (query) =>
        new Promise((resolve, reject) => {
          asked.push({
            query,
            answer: (lastSeq) => {
              resolve(pageOf(lastSeq));
              return turn();
            },
            fail: (error) => {
              reject(error);
              return turn();
            },
          });
        }),
    },
    maxConcurrent: 2,
    isAvailable: () => true,
    isUnavailable: (error) => error instanceof PostgresIsAway,
    ...options,
  });
  const roomsAsked = () => asked.map(({ query }) => query.room);
  return { reader, asked, roomsAsked };
}

describe("equal requests", () => {
  it("of one moment cost one query", async () => {
    const { reader, asked } = setup();
    const reads = [reader.read(newest("a")), reader.read(newest("a")), reader.read(newest("a"))];
    await turn();
    expect(asked.map(({ query }) => query)).toEqual([newest("a")]);

    await asked[0]?.answer(7);

    expect(await Promise.all(reads)).toEqual([pageOf(7), pageOf(7), pageOf(7)]);
    expect(asked).toHaveLength(1);
  });

  it("do not share a query that has begun, since it may not see what was committed meanwhile", async () => {
    const { reader, asked } = setup();
    const early = reader.read(newest("a"));
    await turn();

    const late = [reader.read(newest("a")), reader.read(newest("a"))];
    await turn();
    expect(asked).toHaveLength(2);
    await asked[1]?.answer(8);
    await asked[0]?.answer(7);

    expect(await early).toEqual(pageOf(7));
    expect(await Promise.all(late)).toEqual([pageOf(8), pageOf(8)]);
    expect(asked).toHaveLength(2);
  });

  it("share a query that waits for its turn", async () => {
    const { reader, asked, roomsAsked } = setup({ maxConcurrent: 1 });
    void reader.read(newest("a"));
    await turn();
    const first = reader.read(newest("b"));
    await turn();
    await turn();
    const second = reader.read(newest("b"));
    await turn();
    expect(roomsAsked()).toEqual(["a"]);

    await asked[0]?.answer(1);
    await asked[1]?.answer(2);

    expect(roomsAsked()).toEqual(["a", "b"]);
    expect(await Promise.all([first, second])).toEqual([pageOf(2), pageOf(2)]);
  });

  it("share an error too, and the next one is asked anew", async () => {
    const { reader, asked } = setup();
    const failure = new TypeError("a bug");
    const reads = [reader.read(newest("a")), reader.read(newest("a"))].map((read) => read.catch((error) => error));
    await turn();
    await asked[0]?.fail(failure);
    expect(await Promise.all(reads)).toEqual([failure, failure]);

    const next = reader.read(newest("a"));
    await turn();
    await asked[1]?.answer(3);

    expect(await next).toEqual(pageOf(3));
  });
});

it.each<[string, PageQuery]>([
  ["room", newest("b")],
  ["namespace", { ...newest("a"), namespace: "/support" }],
  ["limit", { ...newest("a"), limit: 51 }],
  ["place", { namespace: "/", room: "a", limit: 50, maxBytes: 1_000, after: 7 }],
])("asks twice where the %s differs", async (_name, other) => {
  const { reader, asked } = setup();
  const reads = [reader.read(newest("a")), reader.read(other)];
  await turn();
  await asked[0]?.answer(1);
  await asked[1]?.answer(2);

  expect(await Promise.all(reads)).toEqual([pageOf(1), pageOf(2)]);
  expect(asked.map(({ query }) => query)).toEqual([newest("a"), other]);
});

it("runs so many queries at the same time, and the others in the order in which they came", async () => {
  const { reader, asked, roomsAsked } = setup({ maxConcurrent: 2 });
  const reads = Promise.allSettled(["a", "b", "c", "d"].map((room) => reader.read(newest(room))));
  await turn();
  expect(roomsAsked()).toEqual(["a", "b"]);

  await asked[1]?.answer(1);
  expect(roomsAsked()).toEqual(["a", "b", "c"]);

  // One that fails makes room too.
  await asked[0]?.fail(new PostgresIsAway());
  expect(roomsAsked()).toEqual(["a", "b", "c", "d"]);
  await asked[2]?.answer(1);
  await asked[3]?.answer(1);

  expect((await reads).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled"]);
});

it("refuses at once while Postgres is known to be away, without a query", async () => {
  let isAvailable = false;
  const { reader, asked } = setup({ isAvailable: () => isAvailable });

  await expect(reader.read(newest("a"))).rejects.toMatchObject({
    code: "UNAVAILABLE",
    retryAfterMs: expect.any(Number),
  });
  await turn();
  expect(asked).toEqual([]);

  isAvailable = true;
  const read = reader.read(newest("a"));
  await turn();
  await asked[0]?.answer(1);
  expect(await read).toEqual(pageOf(1));
});

it("says UNAVAILABLE of an error that means so, and names the error as its cause", async () => {
  const { reader, asked } = setup();
  const failure = new PostgresIsAway();
  const read = reader.read(newest("a")).catch((error: unknown) => error);
  await turn();

  await asked[0]?.fail(failure);

  expect(await read).toMatchObject({ code: "UNAVAILABLE", retryAfterMs: expect.any(Number), cause: failure });
});
