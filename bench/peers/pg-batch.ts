/**
 * Postgres' own batch insert, as the limit of any store on it: 200 rows a statement, numbered beforehand, by two connections without
 * a pause, from arrays, into Roomful's own table with its indexes. No sockets, no locks, no look for repeats.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Client } from "pg";

import { requireVariable, stopOnSignal } from "./peer-process";

const CONNECTIONS = 2;
const BATCH_SIZE = 200;
const USERS = 50;
const INSERT_BATCH = `
INSERT INTO messages (room_id, seq, id, user_id, username, color, type, content, created_at)
SELECT room_id, seq, id, user_id, user_id, '#336699', 'text', content, now()
FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::text[]) AS given (room_id, seq, id, user_id, content)`;

const content = "x".repeat(Number(requireVariable("BENCH_BYTES")));
let committed = 0;

async function insertForGood(connection: number): Promise<never> {
  const client = new Client({ connectionString: requireVariable("DATABASE_URL") });
  await client.connect();
  const { rows } = await client.query("SELECT id, last_seq FROM rooms WHERE id % $1 = $2", [CONNECTIONS, connection]);
  const rooms = rows.map(({ id, last_seq }) => ({ id: String(id), seq: Number(last_seq) }));
  for (let next = 0; ; ) {
    const columns: [string[], number[], string[], string[], string[]] = [[], [], [], [], []];
    for (let row = 0; row < BATCH_SIZE; row += 1) {
      const room = rooms[next % rooms.length] as { id: string; seq: number };
      room.seq += 1;
      columns[0].push(room.id);
      columns[1].push(room.seq);
      columns[2].push(randomUUID());
      columns[3].push(`user-${next % USERS}`);
      columns[4].push(content);
      next += 1;
    }
    await client.query({ name: "insert-batch", text: INSERT_BATCH, values: columns });
    committed += BATCH_SIZE;
  }
}

stopOnSignal();
createServer((_request, response) => response.end(String(committed))).listen(
  Number(requireVariable("PORT")),
  "127.0.0.1",
);
for (let connection = 0; connection < CONNECTIONS; connection += 1) {
  insertForGood(connection).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
