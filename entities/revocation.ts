import { Column, Entity, PrimaryColumn } from "typeorm";

/** Tokens of a user that are older than this no longer count. */
@Entity("revocations")
export class Revocation {
  @PrimaryColumn({ name: "user_id", type: "text", primaryKeyConstraintName: "revocations_pkey" })
  userId!: string;

  @Column({ name: "issued_before", type: "timestamptz" })
  issuedBefore!: Date;
}
