import { migrate } from "../../src/database/migrate";
import { runStatements } from "../../src/testing/test-database";
import { CREATE_CHAT_TABLE } from "../peers/peer-process";

const USERS = 1_000;

/** Makes the tables of all candidates as if the rooms had been talked in for long: the same messages in each. */
export async function fillTables(
  url: string,
  { rows, rooms, bytes }: { rows: number; rooms: number; bytes: number },
): Promise<void> {
  await migrate(url);
  const perRoom = Math.ceil(rows / rooms);
  await runStatements(url, [
    CREATE_CHAT_TABLE,
    `INSERT INTO rooms (namespace, name, epoch, last_seq)
     SELECT '/', 'room-' || number, md5(number::text), ${perRoom} FROM generate_series(0, ${rooms - 1}) AS number`,
    `INSERT INTO messages (room_id, seq, id, user_id, username, color, type, content, created_at)
     SELECT rooms.id, seq, gen_random_uuid(), 'user-' || seq % ${USERS}, 'user-' || seq % ${USERS}, '#336699', 'text',
       rpad(seq || ' ', ${bytes}, 'x'), now() - interval '1 day'
     FROM generate_series(1, ${perRoom}) AS seq, rooms ORDER BY seq, rooms.id`,
    `INSERT INTO chat_messages (id, room, user_id, username, content, created_at)
     SELECT messages.id, rooms.name, user_id, username, content, messages.created_at
     FROM messages JOIN rooms ON rooms.id = room_id ORDER BY seq, room_id`,
    "VACUUM ANALYZE",
    "CHECKPOINT",
  ]);
}
