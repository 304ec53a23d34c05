import { randomUUID } from "node:crypto";
import type { DataSource } from "typeorm";

import { createConfig } from "../../src/config/load-config";
import { createDataSource } from "../../src/database/data-source";
import { classifyWriteError } from "../../src/database/retry-policy";
import { type AdmittedMessage, MESSAGE_TRAITS } from "../../src/handlers/admitted-message";
import { rejectionOf } from "../../src/handlers/message-outcome";
import { systemClock } from "../../src/lifecycle/clock";
import { type AppendResult, MessageRepository } from "../../src/repositories/message-repository";
import { readTable } from "../../src/testing/room-table";
import { createTestDatabase, queryRows, type TestDatabase } from "../../src/testing/test-database";
import { BatchingWriteBuffer } from "../../src/write-buffer/batching-write-buffer";
import { newMessage } from "../support/new-message";

let database: TestDatabase;
let dataSource: DataSource;
let buffer: BatchingWriteBuffer<AdmittedMessage, AppendResult>;
let failures: unknown[];

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  dataSource = createDataSource({ url: database.url });
  await dataSource.initialize();
  failures = [];
  const messages = new MessageRepository(dataSource, dataSource);
  buffer = new BatchingWriteBuffer<AdmittedMessage, AppendResult>({
    config: createConfig({ jwt: { secret: ["x".repeat(32)] } }).writeBuffer,
    traits: MESSAGE_TRAITS,
    trustKeysMs: 15_000,
    writer: {
      writeBatch: (items, _isRepeat, mayWait) => messages.appendToFreeRooms(items, mayWait),
      rejectionOf,
      classifyError: classifyWriteError,
    },
    clock: systemClock,
    random: Math.random,
    onSettled() {
      // What is settled is seen in the admissions.
    },
    onError: (error) => failures.push(error),
  });
});
afterEach(async () => {
  await buffer.stop();
  await dataSource.destroy();
});
afterAll(() => database.drop());

function admitted(given: Partial<AdmittedMessage>): AdmittedMessage {
  return { ...newMessage(given), isShown: true, fingerprint: given.content ?? "hi", ...given };
}

/** The process of the connection that waits for a lock on a room, as soon as there is one. */
async function waitingBackend(): Promise<number> {
  for (;;) {
    const [row] = await queryRows<{ pid: number }>(
      database.url,
      "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    if (row) {
      return row.pid;
    }
  }
}

it("stores 199 of 200 when one can never be stored, and rejects that one", async () => {
  const items = Array.from({ length: 200 }, (_, index) =>
    // Past the schemas, which let no NUL through.
    admitted({ room: "poison", content: index === 77 ? "\0" : `${index}` }),
  );
  const outcomes = await Promise.allSettled(items.map((item) => buffer.admit(item).stored));

  expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1);
  expect(outcomes[77]).toMatchObject({ reason: { code: "STORAGE_REJECTED" } });
  const table = (await readTable(database.url)).filter(({ room }) => room === "poison");
  expect(table.map(({ content }) => content)).toEqual(
    items.filter((_, index) => index !== 77).map(({ content }) => content),
  );
  // One batch, and two halves of each of its parts down to the one.
  expect(failures.length).toBeLessThanOrEqual(1 + Math.ceil(Math.log2(200)));
});

it("stores a batch once whose connection is killed before its answer", async () => {
  await buffer.admit(admitted({ room: "killed", content: "first" })).stored;
  const other = createDataSource({ url: database.url });
  await other.initialize();
  const lock = other.createQueryRunner();
  await lock.startTransaction();
  await lock.query("SELECT FROM rooms WHERE name = 'killed' FOR UPDATE");
  const items = Array.from({ length: 20 }, (_, index) => admitted({ room: "killed", content: `${index}` }));
  const stored = Promise.all(items.map((item) => buffer.admit(item).stored));

  await queryRows(database.url, "SELECT pg_terminate_backend($1)", [await waitingBackend()]);
  await lock.rollbackTransaction();
  await lock.release();
  await other.destroy();

  expect((await stored).map(({ seq }) => seq)).toEqual(items.map((_, index) => index + 2));
  expect(failures).toHaveLength(1);
});

it("stores what goes to other rooms while a session holds one, and that in its order when it is free", async () => {
  const rooms = Array.from({ length: 12 }, (_, index) => `beside-${index}`);
  await buffer.admit(admitted({ room: "held", content: "first" })).stored;
  const other = createDataSource({ url: database.url });
  await other.initialize();
  const session = other.createQueryRunner();
  await session.startTransaction();
  await session.query("SELECT FROM rooms WHERE name = 'held' FOR UPDATE");
  // A room that is not there for anybody else, and cannot be made either.
  await session.query("INSERT INTO rooms (namespace, name, epoch) VALUES ('/', 'being made', 'e')");

  const held = [2, 3, 4].map((seq) => buffer.admit(admitted({ room: "held", content: `${seq}` })).stored);
  const made = buffer.admit(admitted({ room: "being made" })).stored;
  const beside = await Promise.all(rooms.map((room) => buffer.admit(admitted({ room })).stored));
  expect(beside.map(({ seq }) => seq)).toEqual(rooms.map(() => 1));
  expect(buffer.counts).toMatchObject({ backlog: 4, lockedGroups: 2 });
  const last = buffer.admit(admitted({ room: "held", content: "5" })).stored;
  await session.rollbackTransaction();
  await session.release();
  await other.destroy();

  expect((await Promise.all([...held, last])).map(({ seq }) => seq)).toEqual([2, 3, 4, 5]);
  expect(await made).toMatchObject({ seq: 1 });
  expect(failures).toEqual([]);
});

it("answers the batch's own numbers when only the answer of the commit was lost", async () => {
  const id = randomUUID();
  const messages = new MessageRepository(dataSource, dataSource);
  const item = admitted({ room: "lost answer", id });
  await messages.append([item]);

  await expect(buffer.admit(item).stored).resolves.toMatchObject({ seq: 1, status: "duplicate" });
});
