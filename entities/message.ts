import { Column, Entity, PrimaryColumn, Unique } from "typeorm";

import { bigintAsNumber } from "./bigint-as-number";

/** One stored message. Its key (user, id) spans rooms and namespaces. */
@Entity("messages")
@Unique("messages_user_id_id_key", ["userId", "id"])
export class Message {
  /** No foreign key: `append_messages` alone inserts here, and holds the room's row locked. */
  @PrimaryColumn({ name: "room_id", type: "bigint", primaryKeyConstraintName: "messages_pkey" })
  roomId!: string;

  @PrimaryColumn({ type: "bigint", transformer: bigintAsNumber, primaryKeyConstraintName: "messages_pkey" })
  seq!: number;

  @Column({ type: "uuid" })
  id!: string;

  @Column({ name: "user_id", type: "text" })
  userId!: string;

  @Column({ type: "text" })
  username!: string;

  @Column({ type: "text" })
  color!: string;

  @Column({ type: "text" })
  type!: string;

  @Column({ type: "text" })
  content!: string;

  /** Number of a message of the same room. */
  @Column({ name: "reply_to", type: "bigint", nullable: true, transformer: bigintAsNumber })
  replyTo!: number | null;

  @Column({ type: "text", array: true, nullable: true })
  mentions!: string[] | null;

  @Column({ type: "jsonb", nullable: true })
  metadata!: Record<string, unknown> | null;

  /** When it was admitted: what its readers saw. */
  @Column({ name: "created_at", type: "timestamptz" })
  createdAt!: Date;
}
