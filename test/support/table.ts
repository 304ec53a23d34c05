import { Client } from "pg";

export interface TableRow {
  namespace: string;
  room: string;
  seq: number;
  id: string;
  userId: string;
  content: string;
}

/** Every stored message of a database, by room and number: what acknowledgements are held against. */
export function readTable(url: string): Promise<TableRow[]> {
  return queryRows<TableRow>(
    url,
    `SELECT rooms.namespace, rooms.name AS room, seq::int AS seq, messages.id, user_id AS "userId", content
     FROM messages JOIN rooms ON rooms.id = messages.room_id ORDER BY rooms.namespace, rooms.name, seq`,
  );
}

/** Runs one statement on a connection of its own. */
export async function queryRows<Row extends object>(
  url: string,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(sql, [...parameters]);
    return rows as Row[];
  } finally {
    await client.end();
  }
}
