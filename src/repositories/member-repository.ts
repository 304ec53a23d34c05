import type { DataSource } from "typeorm";

import { BOUNDED_WAIT } from "../database/bounded-wait";
import { query } from "../database/query";

/** A user who may join a room where rooms are for members. */
export interface MemberRecord extends NamespaceUser {
  room: string;
}

export interface NamespaceUser {
  namespace: string;
  userId: string;
}

/** Reads and administers who may join which room. */
export class MemberRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Those of the given memberships that there are, in one query. */
  findMany(wanted: readonly MemberRecord[]): Promise<MemberRecord[]> {
    return query<MemberRecord>(
      this.dataSource,
      `SELECT wanted.namespace, wanted.room, wanted.user_id AS "userId"
       FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (namespace, room, user_id)
       JOIN rooms ON rooms.namespace = wanted.namespace AND rooms.name = wanted.room
       JOIN room_members AS member ON member.room_id = rooms.id AND member.user_id = wanted.user_id`,
      [wanted.map(({ namespace }) => namespace), wanted.map(({ room }) => room), wanted.map(({ userId }) => userId)],
    );
  }

  /** All memberships of these users, in one query. */
  roomsOf(users: readonly NamespaceUser[]): Promise<MemberRecord[]> {
    return query<MemberRecord>(
      this.dataSource,
      `SELECT wanted.namespace, rooms.name AS room, wanted.user_id AS "userId"
       FROM unnest($1::text[], $2::text[]) AS wanted (namespace, user_id)
       JOIN room_members AS member ON member.user_id = wanted.user_id
       JOIN rooms ON rooms.id = member.room_id AND rooms.namespace = wanted.namespace`,
      [users.map(({ namespace }) => namespace), users.map(({ userId }) => userId)],
    );
  }

  /** Again is harmless. The room's row is made where there is none. */
  async add({ namespace, room, userId }: MemberRecord): Promise<void> {
    await query(
      this.dataSource,
      `WITH made AS (
         INSERT INTO rooms (namespace, name, epoch)
         SELECT $1, $2, replace(gen_random_uuid()::text, '-', '') FROM ${BOUNDED_WAIT}
         ON CONFLICT (namespace, name) DO UPDATE SET name = excluded.name
         RETURNING id
       )
       INSERT INTO room_members (room_id, user_id) SELECT id, $3 FROM made ON CONFLICT DO NOTHING`,
      [namespace, room, userId],
    );
  }

  /** Answers whether there was such a member. */
  async remove({ namespace, room, userId }: MemberRecord): Promise<boolean> {
    const rows = await query(
      this.dataSource,
      `DELETE FROM room_members AS member USING rooms, ${BOUNDED_WAIT}
       WHERE rooms.id = member.room_id AND rooms.namespace = $1 AND rooms.name = $2 AND member.user_id = $3
       RETURNING 1`,
      [namespace, room, userId],
    );
    return rows.length > 0;
  }
}
