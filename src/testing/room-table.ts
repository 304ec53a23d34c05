import { queryRows } from "./test-database";

/** One stored message, as far as it is compared with what clients have seen. */
export interface TableRow {
  namespace: string;
  room: string;
  seq: number;
  id: string;
  userId: string;
  type: string;
  content: string;
}

/** A room as Postgres holds it. */
export interface TableRoom {
  /** The counter of the room. */
  lastSeq: number;
  /** By number. */
  rows: readonly TableRow[];
}

const SELECT_ROWS = `SELECT rooms.namespace, rooms.name AS room, seq::int AS seq, messages.id, user_id AS "userId", type, content
  FROM messages JOIN rooms ON rooms.id = messages.room_id`;

/** Every stored message of a database, by room and number: what acknowledgements are held against. */
export function readTable(url: string): Promise<TableRow[]> {
  return queryRows<TableRow>(url, `${SELECT_ROWS} ORDER BY rooms.namespace, rooms.name, seq`);
}

/** One room, its counter and its messages as they were at one moment. */
export async function readRoom(url: string, namespace: string, room: string): Promise<TableRoom> {
  const [found] = await queryRows<TableRoom>(
    url,
    `SELECT last_seq::int AS "lastSeq", (
       SELECT coalesce(json_agg(row ORDER BY row.seq), '[]')
       FROM (${SELECT_ROWS} WHERE rooms.namespace = $1 AND rooms.name = $2) AS row
     ) AS rows
     FROM rooms WHERE namespace = $1 AND name = $2`,
    [namespace, room],
  );
  // A room without messages has no row.
  return found ?? { lastSeq: 0, rows: [] };
}
