import type { MigrationInterface, QueryRunner } from "typeorm";

/** Calls of the HTTP API that were made under a key of their caller. */
export class CreateIdempotencyKeys1700000000100 implements MigrationInterface {
  readonly name = "CreateIdempotencyKeys1700000000100";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE idempotency_keys (
        caller text NOT NULL,
        key text NOT NULL,
        request_hash text NOT NULL,
        lease uuid NOT NULL,
        leased_until timestamptz NOT NULL,
        answer jsonb,
        expires_at timestamptz NOT NULL,
        CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, key)
      )`);
    await runner.query("CREATE INDEX idempotency_keys_expires_at_idx ON idempotency_keys (expires_at)");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP TABLE idempotency_keys");
  }
}
