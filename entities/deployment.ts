import { Entity, PrimaryColumn } from "typeorm";

/** What tells this database's nodes from those of any other: one row, made with the table. */
@Entity("deployment")
export class Deployment {
  @PrimaryColumn({ type: "uuid", primaryKeyConstraintName: "deployment_pkey" })
  id!: string;
}
