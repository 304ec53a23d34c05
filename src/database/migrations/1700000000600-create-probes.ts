import type { MigrationInterface, QueryRunner } from "typeorm";

/** What nodes write to see whether Postgres commits. Each row is written every second: room for its next version beside it. */
export class CreateProbes1700000000600 implements MigrationInterface {
  readonly name = "CreateProbes1700000000600";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE probes (
        node uuid NOT NULL,
        count bigint NOT NULL,
        written_at timestamptz NOT NULL,
        CONSTRAINT probes_pkey PRIMARY KEY (node)
      ) WITH (fillfactor = 50)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP TABLE probes");
  }
}
