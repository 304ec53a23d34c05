import type { MigrationInterface, QueryRunner } from "typeorm";

/** The identity by which the nodes of this database find each other in a Redis that others use as well. */
export class CreateDeployment1700000000450 implements MigrationInterface {
  readonly name = "CreateDeployment1700000000450";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query("CREATE TABLE deployment (id uuid NOT NULL, CONSTRAINT deployment_pkey PRIMARY KEY (id))");
    await runner.query("INSERT INTO deployment (id) VALUES (gen_random_uuid())");
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("DROP TABLE deployment");
  }
}
