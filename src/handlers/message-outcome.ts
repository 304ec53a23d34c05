import type { RoomEmitter } from "../broadcast/room-emitter";
import type { StoredAnnouncer } from "../broadcast/stored-announcer";
import { RoomfulError } from "../contract/roomful-error";
import type { AppendResult } from "../repositories/message-repository";
import type { RoomLogs } from "../room-log/room-logs";
import type { Settlement } from "../write-buffer/write-buffer";
import { type ExpectedMessage, messageBodyOf } from "./admitted-message";

export interface MessageOutcomeDeps {
  emitter: Pick<RoomEmitter, "emit">;
  announcer: Pick<StoredAnnouncer, "add">;
  logs: Pick<RoomLogs, "observe">;
}

/** What makes a written message a rejected one: nothing of this call was stored. */
export function rejectionOf({ status }: AppendResult): RoomfulError | undefined {
  switch (status) {
    case "conflict":
      return new RoomfulError("IDEMPOTENCY_CONFLICT");
    case "rejected":
      return new RoomfulError("STORAGE_REJECTED", {
        details: [{ path: "replyTo", problem: "is not stored in this room" }],
      });
    default:
      return undefined;
  }
}

/** Tells a room what became of a message: its number, the message itself where it waited for it, or that it is no more. */
export function tellOutcome(
  settlement: Settlement<ExpectedMessage, AppendResult>,
  { emitter, announcer, logs }: MessageOutcomeDeps,
): void {
  const { item: message } = settlement;
  const { namespace, room, userId, id } = message;
  if ("rejected" in settlement) {
    if (message.isShown) {
      emitter.emit(room, "retracted", { room, userId, id, code: settlement.rejected.code });
    }
    return;
  }
  const { status, seq, epoch, createdAt } = settlement.stored;
  if (message.isShown) {
    // A duplicate too: a late repeat that was shown again finds its place.
    announcer.add(room, epoch, seq, [userId, id]);
    // This node knows the number now, before its room is told: who asks next must not be answered
    // from a log that does not hold what its sender was just acknowledged.
    logs.observe(namespace, "stored", { room, epoch, runs: [{ from: seq, items: [[userId, id]] }] });
  } else if (status !== "duplicate") {
    emitter.emit(room, "message", { ...messageBodyOf({ ...message, createdAt }), tip: seq, seq });
  }
}
