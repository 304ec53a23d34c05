import { Column, Entity, Index, PrimaryColumn } from "typeorm";

import { bigintAsNumber } from "./bigint-as-number";

/**
 * A message that another program committed in a transaction of its own, on its way into its room. Nodes read what has no
 * `failedAt`, and delete what they have appended.
 */
@Entity("outbox")
@Index("outbox_set_aside_idx", ["failedAt"], { where: "failed_at IS NOT NULL" })
@Index("outbox_waiting_idx", ["namespace", "room", "position"], { where: "failed_at IS NULL" })
export class OutboxRow {
  /** In the order of the commits: given at the insert, and given anew by a trigger when the transaction commits. */
  @PrimaryColumn({
    type: "bigint",
    generated: "identity",
    generatedIdentity: "ALWAYS",
    transformer: bigintAsNumber,
    primaryKeyConstraintName: "outbox_pkey",
  })
  position!: number;

  @Column({ type: "text", default: "/" })
  namespace!: string;

  @Column({ type: "text" })
  room!: string;

  @Column({ name: "message_id", type: "uuid" })
  messageId!: string;

  @Column({ name: "user_id", type: "text" })
  userId!: string;

  @Column({ type: "text" })
  username!: string;

  @Column({ type: "text" })
  color!: string;

  @Column({ type: "text", default: "text" })
  type!: string;

  @Column({ type: "text" })
  content!: string;

  @Column({ name: "reply_to", type: "bigint", nullable: true, transformer: bigintAsNumber })
  replyTo!: number | null;

  @Column({ type: "text", array: true, nullable: true })
  mentions!: string[] | null;

  @Column({ type: "jsonb", nullable: true })
  metadata!: Record<string, unknown> | null;

  /** When it was inserted: what its readers see. */
  @Column({ name: "created_at", type: "timestamptz", precision: 3, default: () => "clock_timestamp()" })
  createdAt!: Date;

  /** Set where it cannot be appended: it waits for a person, and nothing waits for it. */
  @Column({ name: "failed_at", type: "timestamptz", nullable: true })
  failedAt!: Date | null;

  /** The code of the error, and what was wrong. */
  @Column({ type: "text", nullable: true })
  failure!: string | null;
}
