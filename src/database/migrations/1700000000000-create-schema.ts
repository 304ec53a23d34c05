import type { MigrationInterface, QueryRunner } from "typeorm";

import { APPEND_MESSAGES } from "./append-messages";

/** Tables, and the function that appends messages. */
export class CreateSchema1700000000000 implements MigrationInterface {
  readonly name = "CreateSchema1700000000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE rooms (
        id bigint GENERATED ALWAYS AS IDENTITY,
        namespace text NOT NULL,
        name text NOT NULL,
        epoch text NOT NULL,
        last_seq bigint NOT NULL DEFAULT 0,
        delivery text,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT rooms_pkey PRIMARY KEY (id),
        CONSTRAINT rooms_namespace_name_key UNIQUE (namespace, name)
      )`);
    await runner.query(`
      CREATE TABLE messages (
        room_id bigint NOT NULL,
        seq bigint NOT NULL,
        id uuid NOT NULL,
        user_id text NOT NULL,
        username text NOT NULL,
        color text NOT NULL,
        type text NOT NULL,
        content text NOT NULL,
        reply_to bigint,
        mentions text[],
        metadata jsonb,
        created_at timestamptz NOT NULL,
        CONSTRAINT messages_pkey PRIMARY KEY (room_id, seq),
        CONSTRAINT messages_user_id_id_key UNIQUE (user_id, id)
      )`);
    await runner.query(`
      CREATE TABLE room_members (
        room_id bigint NOT NULL,
        user_id text NOT NULL,
        CONSTRAINT room_members_pkey PRIMARY KEY (room_id, user_id),
        CONSTRAINT room_members_room_id_fkey FOREIGN KEY (room_id) REFERENCES rooms (id) ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE revocations (
        user_id text NOT NULL,
        issued_before timestamptz NOT NULL,
        CONSTRAINT revocations_pkey PRIMARY KEY (user_id)
      )`);
    await runner.query(APPEND_MESSAGES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP FUNCTION append_messages");
    await runner.query("DROP TABLE revocations");
    await runner.query("DROP TABLE room_members");
    await runner.query("DROP TABLE messages");
    await runner.query("DROP TABLE rooms");
  }
}
