import { Column, Entity, PrimaryColumn } from "typeorm";

import { bigintAsNumber } from "./bigint-as-number";

/** One node's proof that Postgres still commits. */
@Entity("probes")
export class Probe {
  /** Random, for the life of the process. */
  @PrimaryColumn({ type: "uuid", primaryKeyConstraintName: "probes_pkey" })
  node!: string;

  /** How often it was written. Less than the node knows: Postgres has gone back to an earlier state. */
  @Column({ type: "bigint", transformer: bigintAsNumber })
  count!: number;

  @Column({ name: "written_at", type: "timestamptz" })
  writtenAt!: Date;
}
