import { randomUUID } from "node:crypto";

import { queryRows } from "../../src/testing/test-database";

/** Appends a message as a node does that no other hears. */
export async function appendElsewhere(
  database: string,
  {
    room,
    content,
    userId = "dora",
    id = randomUUID(),
  }: { room: string; content: string; userId?: string; id?: string },
): Promise<void> {
  await queryRows(
    database,
    `SELECT * FROM append_messages(ARRAY['/'], ARRAY[$1::text], ARRAY[$2::uuid], ARRAY[$3::text], ARRAY['Dora'],
       ARRAY['#000000'], ARRAY['text'], ARRAY[$4::text], ARRAY[null::bigint], ARRAY[null::jsonb], ARRAY[null::jsonb],
       ARRAY[now()])`,
    [room, id, userId, content],
  );
}
