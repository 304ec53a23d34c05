import { Column, Entity, PrimaryGeneratedColumn, Unique } from "typeorm";

import { bigintAsNumber } from "./bigint-as-number";

/** A room with at least one stored message, or a delivery mode of its own: its counter and epoch. */
@Entity("rooms")
@Unique("rooms_namespace_name_key", ["namespace", "name"])
export class Room {
  @PrimaryGeneratedColumn("identity", {
    type: "bigint",
    generatedIdentity: "ALWAYS",
    primaryKeyConstraintName: "rooms_pkey",
  })
  id!: string;

  @Column({ type: "text" })
  namespace!: string;

  @Column({ type: "text" })
  name!: string;

  /** Random; another one means that numbers may have been given anew. */
  @Column({ type: "text" })
  epoch!: string;

  /** The number of the newest stored message. */
  @Column({ name: "last_seq", type: "bigint", default: 0, transformer: bigintAsNumber })
  lastSeq!: number;

  /** null: the service's default. */
  @Column({ type: "text", nullable: true })
  delivery!: "fast" | "strict" | null;

  @Column({ name: "created_at", type: "timestamptz", default: () => "now()" })
  createdAt!: Date;
}
