import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { startTestServer, type TestClient } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import { queryRows } from "../../src/testing/test-database";

/** ROOMFUL_TEST_KILLS=50 for the long run. */
const KILLS = Number(process.env["ROOMFUL_TEST_KILLS"] ?? 6);
const ROOMS = 5;
const PRODUCER = join(__dirname, "../support/outbox-producer.cjs");

it(`stores once and shows what a producer committed that is killed ${KILLS} times, and nothing else`, async () => {
  const server = await startTestServer({ nodes: 2 });
  try {
    await queryRows(server.database, "CREATE TABLE produced (id uuid PRIMARY KEY, room text)");
    const rooms = Array.from({ length: ROOMS }, (_, index) => `room-${index}`);
    const readers = await Promise.all(
      server.nodes.map((node, index) => node.connect({ userId: `reader-${index}`, rooms })),
    );
    await Promise.all(readers.map((reader) => reader.waitFor("room_state", ({ room }) => room === rooms.at(-1))));

    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = await countProduced(server.database);
      const producer = spawn(process.execPath, [PRODUCER], {
        env: { PATH: process.env["PATH"], DATABASE_URL: server.database, CONNECTIONS: "4", ROOMS: String(ROOMS) },
        stdio: ["ignore", "ignore", "inherit"],
      });
      const exit = once(producer, "exit");
      while ((await countProduced(server.database)) < before + 20) {
        if (producer.exitCode !== null) {
          throw new Error("the producer ended by itself");
        }
        await delay(5);
      }
      await delay(Math.random() * 30);
      producer.kill("SIGKILL");
      await exit;
    }
    // Postgres sees by their connections that the killed are gone, and ends what they had begun.
    while ((await waitingTransactions(server.database)) > 0) {
      await delay(10);
    }
    const produced = await queryRows<{ id: string; room: string }>(server.database, "SELECT id, room FROM produced");
    for (const reader of readers) {
      while (shownTo(reader).size < produced.length) {
        await reader.fence();
      }
    }

    const table = await readTable(server.database);
    expect(table.map(keyOf).toSorted()).toEqual(produced.map(keyOf).toSorted());
    expect(table.filter(({ content }) => content.startsWith("rolled back"))).toEqual([]);
    for (const room of rooms) {
      const seqs = table.filter((row) => row.room === room).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    }
    const numbered = table.map((row) => `${keyOf(row)} ${row.seq}`).toSorted();
    for (const reader of readers) {
      expect([...shownTo(reader)].toSorted()).toEqual(numbered);
    }
    expect(await queryRows(server.database, "SELECT * FROM outbox")).toEqual([]);
    expect(produced.length).toBeGreaterThanOrEqual(20 * KILLS);
    console.log(`${KILLS} kills: ${produced.length} rows committed, each stored once and shown to 2 readers`);
  } finally {
    await server.close();
  }
}, 300_000);

const keyOf = ({ room, id }: { room: string; id: string }): string => `${room} ${id}`;

/**
 * What the reader was shown, with the numbers. The regular look into the table may find a message between its commit and
 * its broadcast, which then comes twice, with the same number: readers go by the key.
 */
function shownTo(reader: TestClient): Set<string> {
  const texts = reader.received("message").filter(({ type }) => type === "text");
  return new Set(texts.map((message) => `${keyOf(message)} ${message.seq}`));
}

async function countProduced(url: string): Promise<number> {
  const [row] = await queryRows<{ count: number }>(url, "SELECT count(*)::int AS count FROM produced");
  return row?.count ?? 0;
}

async function waitingTransactions(url: string): Promise<number> {
  const [row] = await queryRows<{ count: number }>(
    url,
    `SELECT ((SELECT count(*) FROM outbox) + (
       SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
     ))::int AS count`,
  );
  return row?.count ?? 0;
}
