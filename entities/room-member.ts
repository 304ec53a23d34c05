import { Entity, ForeignKey, PrimaryColumn } from "typeorm";

import { Room } from "./room";

/** A user who may join a room where rooms are for members only. */
@Entity("room_members")
export class RoomMember {
  @PrimaryColumn({ name: "room_id", type: "bigint", primaryKeyConstraintName: "room_members_pkey" })
  @ForeignKey(() => Room, "id", { name: "room_members_room_id_fkey", onDelete: "CASCADE" })
  roomId!: string;

  @PrimaryColumn({ name: "user_id", type: "text", primaryKeyConstraintName: "room_members_pkey" })
  userId!: string;
}
