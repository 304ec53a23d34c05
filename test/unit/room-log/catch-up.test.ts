import type { LiveMessage, StoredMessage } from "../../../src/contract/events";
import { RoomfulError } from "../../../src/contract/roomful-error";
import type { PageQuery, RoomPage } from "../../../src/repositories/message-repository";
import { CatchUp, type CaughtUp } from "../../../src/room-log/catch-up";
import type { RoomLog } from "../../../src/room-log/room-log";

import { createRoomLog } from "../../support/room-log";

function messageOf(seq: number, content = `content ${seq}`): StoredMessage {
  return {
    ...{ id: `id-${seq}`, room: "general", seq, type: "text", content },
    ...{ userId: "alice", username: "Alice", color: "#000000", createdAt: "2026-01-01T00:00:00.000Z" },
  };
}

/** What stands in Postgres: a room of one epoch with the numbers from `oldest` to `last`; no `last`: no row. */
interface Table {
  last?: number;
  epoch?: string;
  oldest?: number;
}

/** Pages of the table, as the repository answers them. */
function pageOf({ last, epoch = "e1", oldest = 1 }: Table, query: PageQuery): RoomPage {
  if (last === undefined) {
    return { room: null, messages: [], hasMoreBefore: false, hasMoreAfter: false };
  }
  const seqs = Array.from({ length: Math.max(0, last - oldest + 1) }, (_, index) => oldest + index);
  const found =
    "after" in query ? seqs.filter((seq) => seq > query.after).slice(0, query.limit) : seqs.slice(-query.limit);
  return {
    room: { epoch, lastSeq: last, delivery: null },
    messages: found.map((seq) => messageOf(seq)),
    hasMoreBefore: (found[0] ?? 0) > oldest,
    hasMoreAfter: (found.at(-1) ?? last) < last,
  };
}

function setup(table: Table, maxPageBytes = 100_000) {
  const queries: PageQuery[] = [];
  let failure: Error | undefined;
  const catchUp = new CatchUp(
    {
      async read(query) {
        queries.push(query);
        if (failure) {
          throw failure;
        }
        return pageOf(table, query);
      },
    },
    maxPageBytes,
  );
  const read = (
    query: { after?: number; epoch?: string | null; limit?: number } = {},
    log: RoomLog | undefined = undefined,
  ): Promise<CaughtUp> => catchUp.read({ namespace: "/", room: "general", limit: 50, ...query }, log);
  const follow = (seq: number, log?: RoomLog, limit = 50) =>
    catchUp.after({ namespace: "/", room: "general", after: seq, limit }, log);
  const failWith = (error: Error): void => {
    failure = error;
  };
  return { read, follow, queries, failWith };
}

/** A log that has followed the room from `from` to `to`, and has all messages above `from` but the `missing`. */
function logOf({
  from = 0,
  to = 0,
  epoch = "e1",
  missing = [] as number[],
  content = undefined as string | undefined,
}) {
  const log = createRoomLog(256);
  log.learn({ epoch, lastSeq: from, delivery: null });
  for (let seq = from + 1; seq <= to; seq += 1) {
    const { seq: _seq, ...body } = messageOf(seq, content);
    const live: LiveMessage = { ...body, tip: seq - 1 };
    if (!missing.includes(seq)) {
      log.show(live);
    }
    log.number({ epoch, runs: [{ from: seq, items: [[live.userId, live.id]] }] });
  }
  return log;
}

const seqsOf = ({ messages }: { messages: StoredMessage[] }) => messages.map(({ seq }) => seq);
const UP_TO_9 = [1, 2, 3, 4, 5, 6, 7, 8, 9];

describe("without `after`", () => {
  it("answers the newest page: recovered is null", async () => {
    const { read, queries } = setup({ last: 9 });

    const caughtUp = await read({ limit: 4 });

    expect(caughtUp).toMatchObject({ epoch: "e1", lastSeq: 9, recovered: null, hasMore: true });
    expect(caughtUp.messages).toEqual([6, 7, 8, 9].map((seq) => messageOf(seq)));
    expect(queries).toEqual([{ namespace: "/", room: "general", limit: 4, maxBytes: 100_000, newest: true }]);
  });

  it("says that there is no more where the page holds all", async () => {
    expect(await setup({ last: 4 }).read({ limit: 4 })).toMatchObject({ recovered: null, hasMore: false });
  });

  it("answers a room without a row with 0 and null", async () => {
    expect(await setup({}).read()).toEqual({ epoch: null, lastSeq: 0, recovered: null, messages: [], hasMore: false });
  });

  it("takes the newest page from the log, where that has all of it", async () => {
    const { read, queries } = setup({ last: 9 });

    expect(await read({ limit: 4 }, logOf({ to: 9 }))).toEqual(await setup({ last: 9 }).read({ limit: 4 }));
    expect(await read({}, logOf({ to: 9 }))).toEqual(await setup({ last: 9 }).read({}));
    expect(await read({}, logOf({}))).toMatchObject({ epoch: "e1", lastSeq: 0, messages: [], hasMore: false });
    expect(queries).toEqual([]);
  });

  it("keeps the newest where the log has more than a page's bytes", async () => {
    const bytes = Buffer.byteLength(`${JSON.stringify(messageOf(9))},`);
    const caughtUp = await setup({ last: 9 }, 3 * bytes).read({}, logOf({ to: 9 }));

    expect(seqsOf(caughtUp)).toEqual([7, 8, 9]);
    expect(caughtUp).toMatchObject({ recovered: null, hasMore: true });
  });

  it.each([
    ["one of the newest is missing", logOf({ to: 9, missing: [6] })],
    ["the log begins later", logOf({ from: 6, to: 9 })],
    ["the room's row was not read", createRoomLog(256)],
  ])("asks Postgres where %s", async (_case, log) => {
    const { read, queries } = setup({ last: 9 });

    expect(seqsOf(await read({ limit: 4 }, log))).toEqual([6, 7, 8, 9]);
    expect(queries).toHaveLength(1);
  });
});

describe("recovered", () => {
  /** The reader's words; whether it is recovered; what it is answered. The table: 1 to 9 of epoch e1. */
  const cases: [string, { after: number; epoch?: string | null }, boolean, number[]][] = [
    ["the epoch is absent", { after: 6 }, true, [7, 8, 9]],
    ["the epoch is equal", { after: 6, epoch: "e1" }, true, [7, 8, 9]],
    ["the epoch is equal and nothing follows", { after: 9, epoch: "e1" }, true, []],
    ["the epoch is equal and everything follows", { after: 0, epoch: "e1" }, true, UP_TO_9],
    ["the epoch is null and `after` 0", { after: 0, epoch: null }, true, UP_TO_9],
    ["the epoch is absent and `after` 0", { after: 0 }, true, UP_TO_9],
    ["the epoch is null and `after` above 0", { after: 6, epoch: null }, false, UP_TO_9],
    ["the epoch is another one", { after: 6, epoch: "e0" }, false, UP_TO_9],
    ["the epoch is another one and `after` 0", { after: 0, epoch: "e0" }, false, UP_TO_9],
    ["`after` is above the last number", { after: 10, epoch: "e1" }, false, UP_TO_9],
    ["`after` is above the last number and the epoch absent", { after: 10 }, false, UP_TO_9],
  ];

  it.each(cases)("from Postgres where %s", async (_name, query, recovered, seqs) => {
    const { read } = setup({ last: 9 });

    const caughtUp = await read(query);

    expect(caughtUp).toMatchObject({ epoch: "e1", lastSeq: 9, recovered, hasMore: false });
    expect(seqsOf(caughtUp)).toEqual(seqs);
  });

  it.each(cases)("with a log that has all of it, where %s", async (_name, query, recovered, seqs) => {
    const { read, queries } = setup({ last: 9 });

    const caughtUp = await read(query, logOf({ to: 9 }));

    expect(caughtUp).toMatchObject({ epoch: "e1", lastSeq: 9, recovered, hasMore: false });
    expect(caughtUp.messages).toEqual(seqs.map((seq) => messageOf(seq)));
    expect(queries.length > 0).toBe(!recovered);
  });

  it.each<[string, Table, number, boolean, number[]]>([
    ["true where only what came before `after` was purged", { last: 9, oldest: 7 }, 6, true, [7, 8, 9]],
    ["false where something after it was purged", { last: 9, oldest: 8 }, 6, false, [8, 9]],
    ["false where all of it was purged", { last: 9, oldest: 10 }, 6, false, []],
    ["true where all was purged and nothing follows", { last: 9, oldest: 10 }, 9, true, []],
  ])("is %s", async (_name, table, after, recovered, seqs) => {
    const caughtUp = await setup(table).read({ after, epoch: "e1" });

    expect(caughtUp).toMatchObject({ lastSeq: 9, recovered });
    expect(seqsOf(caughtUp)).toEqual(seqs);
  });

  it.each<[{ after: number; epoch?: string | null }, boolean]>([
    [{ after: 0 }, true],
    [{ after: 0, epoch: null }, true],
    [{ after: 0, epoch: "e1" }, false],
    [{ after: 3 }, false],
    [{ after: 3, epoch: "e1" }, false],
    [{ after: 3, epoch: null }, false],
  ])("of a room without a row, asked with %j, is %s", async (query, recovered) => {
    const expected = { epoch: null, lastSeq: 0, recovered, messages: [], hasMore: false };
    const knownToBeMissing = createRoomLog(256);
    knownToBeMissing.learn(null);

    expect(await setup({}).read(query)).toEqual(expected);
    expect(await setup({}).read(query, createRoomLog(256))).toEqual(expected);
    expect(await setup({}).read(query, knownToBeMissing)).toEqual(expected);
  });

  it.each<[{ after: number; epoch?: string | null }, boolean]>([
    [{ after: 0, epoch: "e1" }, true],
    [{ after: 0, epoch: null }, true],
    [{ after: 1, epoch: "e1" }, false],
  ])("of a row without messages, asked with %j, is %s", async (query, recovered) => {
    expect(await setup({ last: 0 }).read(query)).toEqual({
      ...{ epoch: "e1", lastSeq: 0, recovered },
      ...{ messages: [], hasMore: false },
    });
  });

  it("is false with the newest page where that does not begin at the first message", async () => {
    const caughtUp = await setup({ last: 9 }).read({ after: 6, epoch: "e0", limit: 2 });

    expect(caughtUp).toMatchObject({ recovered: false, hasMore: true });
    expect(seqsOf(caughtUp)).toEqual([8, 9]);
  });
});

describe("hasMore", () => {
  it("says that more follows than the limit, from Postgres and from the log", async () => {
    for (const log of [undefined, logOf({ to: 9 })]) {
      const { read } = setup({ last: 9 });
      const first = await read({ after: 3, limit: 4 }, log);
      expect(first).toMatchObject({ recovered: true, lastSeq: 9, hasMore: true });
      expect(seqsOf(first)).toEqual([4, 5, 6, 7]);

      const rest = await read({ after: 7, limit: 2 }, log);
      expect(rest).toMatchObject({ recovered: true, hasMore: false });
      expect(seqsOf(rest)).toEqual([8, 9]);
    }
  });

  it("says that more follows than the bytes of a page, which holds one message at least", async () => {
    const { read, queries } = setup({ last: 4 }, 5_000);
    const inTwos = await read({ after: 0 }, logOf({ to: 4, content: "x".repeat(2_000) }));
    expect(inTwos).toMatchObject({ recovered: true, lastSeq: 4, hasMore: true });
    expect(seqsOf(inTwos)).toEqual([1, 2]);

    // Two bytes each in UTF-8.
    const inOnes = await read({ after: 0 }, logOf({ to: 4, content: "é".repeat(2_000) }));
    expect(seqsOf(inOnes)).toEqual([1]);

    const oneTooLarge = await read({ after: 3 }, logOf({ to: 4, content: "x".repeat(6_000) }));
    expect(oneTooLarge).toMatchObject({ hasMore: false });
    expect(seqsOf(oneTooLarge)).toEqual([4]);
    expect(queries).toEqual([]);
  });
});

describe("the log", () => {
  it("answers without Postgres from where it has every message to the tip", async () => {
    const { read, queries } = setup({ last: 9 });

    expect(seqsOf(await read({ after: 6, epoch: "e1" }, logOf({ from: 6, to: 9 })))).toEqual([7, 8, 9]);
    expect(queries).toEqual([]);
  });

  it.each<[string, RoomLog]>([
    ["begins above `after`", logOf({ from: 7, to: 9 })],
    ["misses a message", logOf({ to: 9, missing: [8] })],
    ["misses the newest message", logOf({ to: 9, missing: [9] })],
    ["is of an earlier time than `after`", logOf({ to: 5 })],
    ["is of another epoch than the reader", logOf({ to: 9, epoch: "e2" })],
    ["has not read the room's row", createRoomLog(256)],
  ])("is not asked where it %s", async (_name, log) => {
    const { read, queries } = setup({ last: 9 });

    const caughtUp = await read({ after: 6, epoch: "e1" }, log);

    expect(caughtUp).toMatchObject({ epoch: "e1", lastSeq: 9, recovered: true, hasMore: false });
    expect(caughtUp.messages).toEqual([7, 8, 9].map((seq) => messageOf(seq)));
    expect(queries).toEqual([{ namespace: "/", room: "general", limit: 50, maxBytes: 100_000, after: 6 }]);
  });

  it("is not asked where it has messages and has not read the room's row, whose epoch it cannot tell", async () => {
    const { read, queries } = setup({ last: 9 });
    const log = createRoomLog(256);
    const { seq, ...body } = messageOf(9);
    log.show({ ...body, tip: 8 });
    log.number({ epoch: "e1", runs: [{ from: seq, items: [[body.userId, body.id]] }] });

    expect(await read({ after: 8 }, log)).toMatchObject({ epoch: "e1", lastSeq: 9, recovered: true });
    expect(queries).toHaveLength(1);
  });

  it("is not asked where it has numbers and no epoch, of a strict room made after the look at its row", async () => {
    const strictLog = () => {
      const log = createRoomLog(256);
      log.learn(null);
      for (const seq of UP_TO_9) {
        log.show({ ...messageOf(seq), tip: seq });
      }
      return log;
    };
    const { read, follow, queries } = setup({ last: 9 });
    const log = strictLog();

    expect(await read({ after: 6 }, log)).toMatchObject({ epoch: "e1", lastSeq: 9, recovered: true });
    expect(await read({ after: 0, epoch: null }, strictLog())).toMatchObject({ epoch: "e1", recovered: true });
    expect(await follow(9, strictLog())).toMatchObject({ epoch: "e1", lastSeq: 9 });
    expect(queries).toHaveLength(3);

    // It has learnt the epoch with the row.
    expect(await read({ after: 6, epoch: "e1" }, log)).toMatchObject({ epoch: "e1", recovered: true });
    expect(queries).toHaveLength(3);
  });

  it("is not asked after it was dropped", async () => {
    const { read, queries } = setup({ last: 9 });
    const log = logOf({ to: 9 });
    log.dropRing();

    expect(seqsOf(await read({ after: 6, epoch: "e1" }, log))).toEqual([7, 8, 9]);
    expect(queries).toHaveLength(1);
  });

  it("answers a part of what follows though it misses something behind that part", async () => {
    const { read, queries } = setup({ last: 9 });

    const caughtUp = await read({ after: 2, limit: 3 }, logOf({ to: 9, missing: [8] }));

    expect(seqsOf(caughtUp)).toEqual([3, 4, 5]);
    expect(caughtUp).toMatchObject({ recovered: true, lastSeq: 9, hasMore: true });
    expect(queries).toEqual([]);
  });

  it.each<[string, { after?: number; epoch?: string }]>([
    ["the newest page", {}],
    ["what follows a number", { after: 6 }],
    ["the newest page instead of what follows a number", { after: 6, epoch: "e0" }],
  ])("learns the room's row with %s, and is loading until then", async (_name, query) => {
    const { read } = setup({ last: 9 });
    const log = createRoomLog(256);

    const reading = read(query, log);
    expect(log.isLoading).toBe(true);
    await reading;

    expect(log).toMatchObject({ isLoaded: true, isLoading: false, epoch: "e1", tip: 9 });
  });

  it("learns that the room has no row", async () => {
    const log = createRoomLog(256);

    await setup({}).read({}, log);

    expect(log).toMatchObject({ isLoaded: true, epoch: null, tip: 0 });
  });
});

it("passes on that Postgres is away, and is not loading any more", async () => {
  const { read, follow, failWith } = setup({ last: 9 });
  const log = createRoomLog(256);
  failWith(new RoomfulError("UNAVAILABLE"));

  await expect(read({ after: 6 }, log)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(read()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(follow(6, log)).rejects.toMatchObject({ code: "UNAVAILABLE" });

  expect(log).toMatchObject({ isLoaded: false, isLoading: false });
});

it("answers from the log while Postgres is away", async () => {
  const { read, failWith } = setup({});
  failWith(new RoomfulError("UNAVAILABLE"));

  expect(await read({ after: 6, epoch: "e1" }, logOf({ to: 9 }))).toMatchObject({ recovered: true, lastSeq: 9 });
});

describe("a page after a number", () => {
  it("comes from the log where it has all of it", async () => {
    const { follow, queries } = setup({ last: 9 });

    const page = await follow(6, logOf({ to: 9 }), 2);

    expect(page).toEqual({
      messages: [messageOf(7), messageOf(8)],
      ...{ hasMoreBefore: true, hasMoreAfter: true, lastSeq: 9, epoch: "e1" },
    });
    expect(queries).toEqual([]);
  });

  it("knows from the log that nothing comes before the first and behind the last message", async () => {
    const page = await setup({ last: 9 }).follow(0, logOf({ to: 9 }));

    expect(page).toMatchObject({ hasMoreBefore: false, hasMoreAfter: false });
    expect(seqsOf(page)).toEqual(UP_TO_9);
  });

  it("comes from Postgres otherwise, whose row the log learns", async () => {
    const { follow, queries } = setup({ last: 9 });
    const log = createRoomLog(256);

    const page = await follow(6, log, 2);

    expect(page).toEqual({
      messages: [messageOf(7), messageOf(8)],
      ...{ hasMoreBefore: true, hasMoreAfter: true, lastSeq: 9, epoch: "e1" },
    });
    expect(queries).toHaveLength(1);
    expect(log).toMatchObject({ isLoaded: true, tip: 9 });
  });

  it("is empty for a number above the last, and for a room without a row", async () => {
    expect(await setup({ last: 9 }).follow(12)).toMatchObject({ messages: [], hasMoreAfter: false, lastSeq: 9 });
    expect(await setup({}).follow(12)).toEqual({
      ...{ messages: [], hasMoreBefore: false, hasMoreAfter: false },
      ...{ lastSeq: 0, epoch: null },
    });
  });
});
