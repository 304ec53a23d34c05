import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import type { DataSource } from "typeorm";

import { createConfig } from "../../src/config/load-config";
import { createDataSource } from "../../src/database/data-source";
import { classifyWriteError } from "../../src/database/retry-policy";
import { systemClock } from "../../src/lifecycle/clock";
import { OutboxDrain, type OutboxDrainOptions } from "../../src/outbox/outbox-drain";
import { createRowCheck } from "../../src/outbox/refuse-row";
import { publishInTransaction, type TransactionMessage } from "../../src/publisher";
import { MessageRepository } from "../../src/repositories/message-repository";
import { type DrainResult, type OutboxRecord, OutboxRepository } from "../../src/repositories/outbox-repository";
import { readTable } from "../../src/testing/room-table";
import { createTestDatabase, queryRows, type TestDatabase } from "../../src/testing/test-database";
import { newMessage } from "../support/new-message";

let database: TestDatabase;
let dataSource: DataSource;
let outbox: OutboxRepository;
const clients: Client[] = [];
const drains: OutboxDrain[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  dataSource = createDataSource({ url: database.url, poolSize: 8 });
  await dataSource.initialize();
  outbox = new OutboxRepository(dataSource);
});
afterEach(async () => {
  await Promise.all(drains.splice(0).map((drain) => drain.stop()));
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await dataSource.destroy();
  await database.drop();
});

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  clients.push(client);
  return client;
}

const said = (content: string, given: Partial<TransactionMessage> = {}): TransactionMessage => ({
  ...{ room: "news", userId: "billing", content },
  ...given,
});

/** Publishes in a transaction of its own. */
async function publish(client: Client, ...messages: TransactionMessage[]): Promise<void> {
  await client.query("BEGIN");
  for (const message of messages) {
    await publishInTransaction(client, message);
  }
  await client.query("COMMIT");
}

interface Told {
  row: OutboxRecord;
  result: DrainResult;
}

function createDrain(given: Partial<OutboxDrainOptions> = {}) {
  const told: Told[] = [];
  const setAside: { row: OutboxRecord; failure: string }[] = [];
  const locked: string[] = [];
  const errors: unknown[] = [];
  const { outbox: config, limits } = createConfig({ outbox: { pollIntervalMs: 20, batchSize: 20 } });
  const drain = new OutboxDrain({
    ...{ config, outbox, namespaces: ["/"], clock: systemClock, random: Math.random },
    refusalOf: createRowCheck(limits),
    classifyError: classifyWriteError,
    onDrained: (row, result) => told.push({ row, result }),
    onSetAside: (row, failure) => setAside.push({ row, failure }),
    onLocked: ({ room }) => locked.push(room),
    onError: (error) => errors.push(error),
    ...given,
  });
  drains.push(drain);
  return { drain, told, setAside, locked, errors };
}

const waiting = () => queryRows<{ room: string; failure: string | null }>(database.url, "SELECT * FROM outbox");

/** Resolves when nothing waits any more. */
async function drained(): Promise<void> {
  while ((await outbox.count()).waiting > 0) {
    await delay(5);
  }
}

const contentsOf = async (room = "news"): Promise<string[]> =>
  (await readTable(database.url)).filter((row) => row.room === room).map(({ content }) => content);

/** TODO(after Node 20): Map.groupBy. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  return [...new Set(items.map(keyOf))].map((key) => items.filter((item) => keyOf(item) === key));
}

async function expectGapless(): Promise<void> {
  for (const rows of groupBy(await readTable(database.url), ({ room }) => room)) {
    expect(rows.map(({ seq }) => seq)).toEqual(range(rows.length).map((index) => index + 1));
  }
}

describe("what a transaction publishes", () => {
  it("is stored as it was given, and gone from the outbox", async () => {
    const client = await connect();
    const message = {
      ...{ room: "news", userId: "billing", username: "Billing", color: "#123456", content: "Paid \u{1f389}" },
      ...{ id: randomUUID(), type: "invoice.paid", mentions: ["a,b", `"`], metadata: { invoice: [17, null] } },
    };
    const { drain, told } = createDrain();
    await publish(client, message);
    await drain.start();
    await drained();

    const page = await new MessageRepository(dataSource, dataSource).page({
      ...{ namespace: "/", room: "news", limit: 5, maxBytes: 1e6, newest: true },
    });
    expect(page.messages).toEqual([{ ...message, seq: 1, createdAt: expect.any(String) }]);
    expect(await waiting()).toEqual([]);
    expect(told).toMatchObject([{ row: { id: message.id }, result: { status: "stored", seq: 1 } }]);
    expect(told[0]?.result.createdAt.toISOString()).toBe(page.messages[0]?.createdAt);
  });

  it("is never seen when the transaction is rolled back, or when its connection is lost before the commit", async () => {
    const [back, lost, client] = [await connect(), await connect(), await connect()];
    for (const each of [back, lost]) {
      await each.query("BEGIN");
      await publishInTransaction(each, said("never"));
    }
    await back.query("SAVEPOINT here");
    await publishInTransaction(back, said("never either"));
    await back.query("ROLLBACK");
    lost.on("error", () => {});
    const [{ pid }] = (await lost.query("SELECT pg_backend_pid() AS pid")).rows;
    await client.query("SELECT pg_terminate_backend($1)", [pid]);
    const { drain } = createDrain();
    await drain.start();
    await publish(client, said("seen"));
    await drained();

    expect(await contentsOf()).toEqual(["seen"]);
  });

  it("works through TypeORM's managers and query runners", async () => {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    const id = await publishInTransaction(runner, said("by a runner"));
    await runner.commitTransaction();
    await runner.release();
    await dataSource.transaction((manager) => publishInTransaction(manager, said("by a manager")));
    const { drain, told } = createDrain();
    await drain.start();
    await drained();

    expect(await contentsOf()).toEqual(["by a runner", "by a manager"]);
    expect(told[0]?.row).toMatchObject({ id, username: "billing", type: "text" });
  });

  it("is refused where no transaction has begun", async () => {
    const client = await connect();
    const handles = [client, dataSource, dataSource.manager, dataSource.createQueryRunner()];
    await client.query("SELECT 1");

    for (const handle of handles) {
      await expect(publishInTransaction(handle, said("alone"))).rejects.toThrow(TypeError);
    }
    expect(await waiting()).toEqual([]);
  });

  it("leaves the transaction as it was when it is refused", async () => {
    const client = await connect();
    await client.query("BEGIN");
    await expect(publishInTransaction(client, said(""))).rejects.toMatchObject({ code: "PAYLOAD_INVALID" });
    await publishInTransaction(client, said("still good"));
    await client.query("COMMIT");

    expect(await waiting()).toHaveLength(1);
  });

  it("needs no right but to insert", async () => {
    const admin = await connect();
    const role = `app_${randomUUID().replaceAll("-", "")}`;
    await admin.query(`CREATE ROLE ${role}`);
    try {
      await admin.query(`GRANT INSERT ON outbox TO ${role}`);
      const client = await connect();
      await client.query(`SET ROLE ${role}`);
      await publish(client, said("with few rights"));
      await expect(client.query("SELECT * FROM outbox")).rejects.toMatchObject({ code: "42501" });

      expect(await waiting()).toHaveLength(1);
    } finally {
      await admin.query(`DROP OWNED BY ${role}`);
      await admin.query(`DROP ROLE ${role}`);
    }
  });

  it("does not wait for another transaction that publishes into the same room", async () => {
    const [slow, quick] = [await connect(), await connect()];
    await slow.query("BEGIN");
    await publishInTransaction(slow, said("slow"));
    await quick.query("SET lock_timeout = '50ms'");
    await publish(quick, said("quick"));
    await slow.query("COMMIT");

    expect(await waiting()).toHaveLength(2);
  });
});

describe("order", () => {
  it("is that of the commits, also when they were all made before anybody looked", async () => {
    const open = await Promise.all(range(8).map(() => connect()));
    for (const [index, client] of open.entries()) {
      await client.query("BEGIN");
      await publishInTransaction(client, said(`${index} first`));
      await publishInTransaction(client, said(`${index} second`));
    }
    const order = [3, 7, 0, 1, 6, 2, 5, 4];
    for (const index of order) {
      await open[index]?.query("COMMIT");
    }
    const { drain, told } = createDrain();
    await drain.start();
    await drained();

    expect(await contentsOf()).toEqual(order.flatMap((index) => [`${index} first`, `${index} second`]));
    expect(told.map(({ result }) => result.seq)).toEqual(range(16).map((index) => index + 1));
  });

  it("skips nothing that is committed late", async () => {
    const [late, client] = [await connect(), await connect()];
    const { drain } = createDrain();
    await drain.start();
    await late.query("BEGIN");
    await publishInTransaction(late, said("late"));
    await publish(client, said("early"));
    while ((await contentsOf()).length === 0) {
      await delay(5);
    }
    await late.query("COMMIT");
    await drained();

    expect(await contentsOf()).toEqual(["early", "late"]);
  });

  it("holds for every publisher and room while several nodes drain one table", async () => {
    const nodes = range(3).map(() => createDrain({ outbox: new OutboxRepository(dataSource) }));
    await Promise.all(nodes.map(({ drain }) => drain.start()));
    const publishers = await Promise.all(range(6).map(() => connect()));
    await Promise.all(
      publishers.map(async (client, index) => {
        for (const round of range(60)) {
          await publish(client, said(`${index} ${round}`, { room: `room-${round % 4}`, userId: `user-${index}` }));
          for (const { drain } of nodes) {
            drain.wake();
          }
        }
      }),
    );
    await drained();
    await Promise.all(nodes.map(({ drain }) => drain.stop()));

    const table = await readTable(database.url);
    expect(table).toHaveLength(360);
    await expectGapless();
    for (const rows of groupBy(table, ({ room, userId }) => `${room} ${userId}`)) {
      const rounds = rows.map(({ content }) => Number(content.split(" ")[1]));
      expect(rounds).toEqual(rounds.toSorted((a, b) => a - b));
    }
    // Each was told by one node, under its number.
    const told = nodes.flatMap((node) => node.told);
    expect(told.map(({ row, result }) => `${row.room} ${result.seq} ${row.id}`).toSorted()).toEqual(
      table.map(({ room, seq, id }) => `${room} ${seq} ${id}`).toSorted(),
    );
    expect(nodes.flatMap(({ errors }) => errors)).toEqual([]);
  });
});

describe("draining", () => {
  it("leaves a room alone that another node is draining, and takes the others", async () => {
    const client = await connect();
    await publish(client, said("busy"), said("free", { room: "other" }));
    const positions = (await outbox.look({ namespaces: ["/"], limit: 10, after: undefined })).map(
      (row) => row.position,
    );
    await client.query("BEGIN");
    // As the other node does.
    await client.query("SELECT * FROM drain_outbox($1)", [positions.slice(0, 1)]);

    expect(await outbox.drain(positions, true)).toMatchObject([{ status: "stored", seq: 1 }]);
    await client.query("ROLLBACK");
    expect(await contentsOf("other")).toEqual(["free"]);
    // It ended before its commit: the room is free, and nothing is lost.
    expect(await outbox.drain(positions, true)).toMatchObject([{ status: "stored", seq: 1 }]);
    expect(await outbox.drain(positions, true)).toEqual([]);
  });

  it("gives a room with little to say its turn before one with much", async () => {
    const client = await connect();
    await publish(client, ...range(100).map((index) => said(`${index}`, { room: "busy" })), said("quiet"));
    const rows = await outbox.look({ namespaces: ["/"], limit: 20, after: undefined });

    expect(rows.map(({ room }) => room)).toEqual([...range(10).map(() => "busy"), "news"]);
  });

  it("gets round to every room when there are more rooms than it takes at once", async () => {
    const client = await connect();
    const rooms = range(50).map((index) => `room-${index}`);
    await publish(client, ...rooms.flatMap((room) => [said("1", { room }), said("2", { room })]));
    const { drain, told } = createDrain();
    await drain.start();
    await drained();

    await expectGapless();
    expect(told).toHaveLength(100);
    // Every room has had its turn before the first one has it again.
    const first = told.findIndex(({ row, result }) => row.room === told[0]?.row.room && result.seq === 2);
    expect(new Set(told.slice(0, first).map(({ row }) => row.room)).size).toBe(50);
  });

  it("leaves rows of namespaces that are not its own to others", async () => {
    const client = await connect();
    await publish(client, said("elsewhere", { namespace: "/support" }), said("here"));
    const { drain } = createDrain();
    await drain.start();
    while ((await outbox.count()).waiting > 1) {
      await delay(5);
    }
    const other = createDrain({ namespaces: ["/support"] });
    await other.drain.start();
    await drained();

    expect((await readTable(database.url)).map(({ namespace }) => namespace)).toEqual(["/", "/support"]);
  });

  it("stores a message once that was published twice, and sets aside what contradicts it", async () => {
    const client = await connect();
    const id = randomUUID();
    await publish(client, said("once", { id }), said("once", { id }), said("other", { id }), said("next"));
    await publish(client, said("once", { id }));
    const { drain, told, setAside } = createDrain();
    await drain.start();
    await drained();

    expect(await contentsOf()).toEqual(["once", "next"]);
    expect(told.map(({ result }) => [result.status, result.seq])).toEqual([
      ["stored", 1],
      ["duplicate", 1],
      ["stored", 2],
      ["duplicate", 1],
    ]);
    expect(setAside.map(({ failure }) => failure)).toEqual(["IDEMPOTENCY_CONFLICT"]);
  });

  it("sets aside what cannot be stored, says why, and goes on with the room", async () => {
    const client = await connect();
    await publish(client, said("before"), said("answer to nothing", { replyTo: 99 }));
    // Written past the publisher: what no client may send, and what Postgres itself cannot store.
    const insert = `INSERT INTO outbox (room, message_id, user_id, username, color, content) VALUES ($1, $2, $3, $4, $5, $6)`;
    await client.query(insert, ["news", randomUUID(), "u", "u", "red", "no colour"]);
    await client.query(insert, ["news", randomUUID(), "u", "u", "#123456", "x".repeat(9_000)]);
    await client.query(insert, ["no room!", randomUUID(), "u", "u", "#123456", "x"]);
    const poison = range(400)
      .map(() => randomUUID())
      .join("");
    await client.query(insert, ["news", randomUUID(), poison, "u", "#123456", "too long a key"]);
    await publish(client, said("after"));
    // The last one passes the check as if its limits were other ones.
    const { limits } = createConfig();
    const check = createRowCheck(limits);
    const { drain, setAside, errors } = createDrain({
      refusalOf: (row) => (row.userId === poison ? undefined : check(row)),
    });
    await drain.start();
    await drained();

    expect(await contentsOf()).toEqual(["before", "after"]);
    expect(setAside.map(({ failure }) => failure).toSorted()).toEqual([
      "PAYLOAD_INVALID: color is not a colour",
      "PAYLOAD_INVALID: room is not a room name",
      "PAYLOAD_TOO_LARGE: content is too long",
      "STORAGE_REJECTED: Postgres refuses it (54000)",
      "STORAGE_REJECTED: replyTo is not stored in this room",
    ]);
    expect((await waiting()).map(({ failure }) => failure).toSorted()).toEqual(
      setAside.map(({ failure }) => failure).toSorted(),
    );
    expect(errors).toEqual([]);
    await expectGapless();
  });

  it.each(["infinity", "-infinity", "12000-01-01", "0044-03-15 BC", "280000-01-01"])(
    "sets aside what says that it was made at %s, which no reader of the room could be told",
    async (createdAt) => {
      const client = await connect();
      await client.query(
        `INSERT INTO outbox (room, message_id, user_id, username, color, content, created_at)
         VALUES ('news', $1, 'u', 'u', '#123456', 'of another time', $2)`,
        [randomUUID(), createdAt],
      );
      await publish(client, said("after"));
      const { drain, setAside } = createDrain();
      await drain.start();
      await drained();

      expect(setAside.map(({ failure }) => failure)).toEqual([expect.stringMatching(/^PAYLOAD_INVALID: createdAt/)]);
      const messages = new MessageRepository(dataSource, dataSource);
      const page = { namespace: "/", room: "news", limit: 10, maxBytes: 65_536, newest: true } as const;
      expect((await messages.page(page)).messages.map(({ content }) => content)).toEqual(["after"]);
    },
  );

  it("takes back what was set aside when its reason is gone", async () => {
    const client = await connect();
    await publish(client, said("answer", { replyTo: 1 }));
    const { drain, setAside } = createDrain();
    await drain.start();
    while (setAside.length === 0) {
      await delay(5);
    }
    await new MessageRepository(dataSource, dataSource).append([newMessage({ room: "news", content: "question" })]);
    await client.query("UPDATE outbox SET failed_at = NULL, failure = NULL");
    await drained();

    expect(await contentsOf()).toEqual(["question", "answer"]);
  });

  it("counts what waits, and how long, and what was set aside", async () => {
    const client = await connect();
    await publish(client, said("a"), said("b"));
    await client.query("UPDATE outbox SET created_at = now() - interval '1 hour' WHERE content = 'a'");
    await client.query("UPDATE outbox SET failed_at = now() WHERE content = 'b'");

    const counts = await outbox.count();
    expect(counts).toMatchObject({ waiting: 1, setAside: 1 });
    expect(Math.round(counts.oldestAgeMs / 60_000)).toBe(60);
  });

  it("goes on when Postgres is there again", async () => {
    const client = await connect();
    let failures = 3;
    const failing = {
      look: (...args: Parameters<OutboxRepository["look"]>) => outbox.look(...args),
      setAside: () => Promise.resolve(false),
      count: () => outbox.count(),
      async drain(positions: readonly number[]) {
        failures -= 1;
        if (failures >= 0) {
          throw Object.assign(new Error("no"), { code: "ECONNREFUSED" });
        }
        return outbox.drain(positions, true);
      },
    };
    const { drain, told, errors } = createDrain({ outbox: failing });
    await publish(client, said("patience"));
    await drain.start();
    await drained();
    await drain.stop();

    expect(errors).toHaveLength(3);
    expect(told).toHaveLength(1);
  });

  it("reads little from a table through which much has gone", async () => {
    const client = await connect();
    await client.query("ALTER TABLE outbox SET (autovacuum_enabled = false)");
    const { drain } = createDrain({ config: { pollIntervalMs: 20, batchSize: 1_000 } });
    await drain.start();
    for (const _ of range(10)) {
      await client.query(
        `INSERT INTO outbox (room, message_id, user_id, username, color, content)
         SELECT 'room-' || n % 20, gen_random_uuid(), 'u', 'u', '#123456', repeat('x', 200) FROM generate_series(1, 1000) AS n`,
      );
      await drained();
    }
    await drain.stop();
    const pages: number[] = [];
    const explaining = new OutboxRepository(explain(client, (count) => pages.push(count)));
    // The first look after the last removal marks what is dead in the index.
    await explaining.look({ namespaces: ["/"], limit: 200, after: undefined });
    await explaining.look({ namespaces: ["/"], limit: 200, after: undefined });
    await explaining.count();

    expect(await tablePages()).toBeGreaterThan(300);
    expect(pages).toHaveLength(3);
    expect(Math.max(...pages.slice(1))).toBeLessThan(100);
  });

  /** A data source that answers nothing, and says how many pages an answer would have cost. */
  function explain(client: Client, onRead: (pages: number) => void): DataSource {
    const master = {
      async query(sql: string, parameters: unknown[]) {
        const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`, parameters);
        const [{ Plan: plan }] = rows[0]["QUERY PLAN"];
        onRead(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]);
        return { rows: [] };
      },
    };
    return { driver: { master } } as unknown as DataSource;
  }

  async function tablePages(): Promise<number> {
    const [size] = await queryRows<{ pages: number }>(
      database.url,
      "SELECT (pg_relation_size('outbox') / 8192)::int AS pages",
    );
    return size?.pages ?? 0;
  }
});

describe("what somebody else holds", () => {
  it("keeps its room waiting, in order, and no other one", async () => {
    const [client, session] = [await connect(), await connect()];
    await new MessageRepository(dataSource, dataSource).append([newMessage({ room: "held-room", content: "0" })]);
    await publish(client, ...[1, 2].map((each) => said(`${each}`, { room: "held-room" })));
    await publish(client, ...[1, 2, 3].map((each) => said(`${each}`, { room: "held-row" })));
    await publish(client, said("1", { room: "free" }));
    await session.query("BEGIN");
    await session.query("SELECT FROM rooms WHERE name = 'held-room' FOR UPDATE");
    await session.query("SELECT FROM outbox WHERE room = 'held-row' AND content = '2' FOR UPDATE");

    const { drain, told, locked, errors } = createDrain();
    await drain.start();
    while ((await outbox.count()).waiting > 4) {
      await delay(5);
    }
    await publish(client, said("2", { room: "free" }));
    while ((await contentsOf("free")).length < 2) {
      await delay(5);
    }
    expect(await contentsOf("held-room")).toEqual(["0"]);
    expect(await contentsOf("held-row")).toEqual(["1"]);
    expect(locked.sort()).toEqual(["held-room", "held-row"]);
    await session.query("ROLLBACK");
    await drained();

    expect(await contentsOf("held-room")).toEqual(["0", "1", "2"]);
    expect(await contentsOf("held-row")).toEqual(["1", "2", "3"]);
    expect(told.filter(({ row }) => row.room === "held-row").map(({ result }) => result.seq)).toEqual([1, 2, 3]);
    expect(errors).toEqual([]);
    await expectGapless();
  });

  it("is set aside later, when it cannot be stored, and stops nobody", async () => {
    const [client, session] = [await connect(), await connect()];
    await client.query(
      `INSERT INTO outbox (room, message_id, user_id, username, color, content)
       VALUES ('news', gen_random_uuid(), 'u', 'u', '#123456', '')`,
    );
    await publish(client, said("good"));
    await session.query("BEGIN");
    await session.query("SELECT FROM outbox WHERE content = '' FOR UPDATE");
    const { drain, setAside, errors } = createDrain();
    await drain.start();
    while ((await contentsOf()).length === 0) {
      await delay(5);
    }
    expect(setAside).toEqual([]);
    await session.query("ROLLBACK");
    await drained();

    expect(setAside).toMatchObject([{ row: { content: "" } }]);
    expect(errors).toEqual([]);
  });
});
