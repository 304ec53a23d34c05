import { Column, Entity, Index, PrimaryColumn } from "typeorm";

/** A call of the HTTP API that was made under a key of its caller, and what it was answered. */
@Entity("idempotency_keys")
export class IdempotencyKey {
  /** Name of the caller's API key. */
  @PrimaryColumn({ type: "text", primaryKeyConstraintName: "idempotency_keys_pkey" })
  caller!: string;

  @PrimaryColumn({ type: "text", primaryKeyConstraintName: "idempotency_keys_pkey" })
  key!: string;

  /** Of what was asked for: the key stands for this and nothing else. */
  @Column({ name: "request_hash", type: "text" })
  requestHash!: string;

  /** Which run of the call may say how it ended. */
  @Column({ type: "uuid" })
  lease!: string;

  /** After this, a run that has said nothing is taken for dead. */
  @Column({ name: "leased_until", type: "timestamptz" })
  leasedUntil!: Date;

  /** null: it has not ended. */
  @Column({ type: "jsonb", nullable: true })
  answer!: unknown;

  @Index("idempotency_keys_expires_at_idx")
  @Column({ name: "expires_at", type: "timestamptz" })
  expiresAt!: Date;
}
