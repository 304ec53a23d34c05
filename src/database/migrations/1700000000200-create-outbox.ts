import type { MigrationInterface, QueryRunner } from "typeorm";

import { createPlaceOutboxRow, DRAIN_OUTBOX } from "./drain-outbox";

/** The outbox: messages that other programs commit together with their own rows. */
export class CreateOutbox1700000000200 implements MigrationInterface {
  readonly name = "CreateOutbox1700000000200";

  async up(runner: QueryRunner): Promise<void> {
    // Rows come and go: vacuum by their number, since a share of an empty table is nothing.
    await runner.query(`
      CREATE TABLE outbox (
        position bigint GENERATED ALWAYS AS IDENTITY,
        namespace text NOT NULL DEFAULT '/',
        room text NOT NULL,
        message_id uuid NOT NULL,
        user_id text NOT NULL,
        username text NOT NULL,
        color text NOT NULL,
        type text NOT NULL DEFAULT 'text',
        content text NOT NULL,
        reply_to bigint,
        mentions text[],
        metadata jsonb,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        failed_at timestamptz,
        failure text,
        CONSTRAINT outbox_pkey PRIMARY KEY (position)
      ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)`);
    await runner.query("CREATE INDEX outbox_waiting_idx ON outbox (namespace, room, position) WHERE failed_at IS NULL");
    await runner.query("CREATE INDEX outbox_set_aside_idx ON outbox (failed_at) WHERE failed_at IS NOT NULL");
    const [{ schema }] = await runner.query("SELECT quote_ident(current_schema()) AS schema");
    await runner.query(createPlaceOutboxRow(schema));
    await runner.query(`
      CREATE CONSTRAINT TRIGGER outbox_place AFTER INSERT ON outbox
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION place_outbox_row()`);
    await runner.query(DRAIN_OUTBOX);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP FUNCTION drain_outbox");
    await runner.query("DROP TABLE outbox");
    await runner.query("DROP FUNCTION place_outbox_row");
  }
}
