import type { RoomEmitter } from "../broadcast/room-emitter";
import type { StoredAnnouncer } from "../broadcast/stored-announcer";
import type { MessageAccepted } from "../contract/events";
import type { AppendResult } from "../repositories/message-repository";
import type { Delivery } from "../room-log/room-log";
import type { RoomLogs } from "../room-log/room-logs";
import type { Admission, WriteBuffer } from "../write-buffer/write-buffer";
import { type AdmittedMessage, liveMessageOf } from "./admitted-message";

export interface MessageAdmissionDeps {
  namespace: string;
  writeBuffer: Pick<WriteBuffer<AdmittedMessage, AppendResult>, "find" | "admit" | "wasStored">;
  emitter: Pick<RoomEmitter, "emit">;
  announcer: Pick<StoredAnnouncer, "take">;
  logs: Pick<RoomLogs, "find">;
}

/** Admits messages into the rooms of one namespace, whichever way they came. */
export interface MessageAdmission {
  /** The admission of the same key that is under way or was a moment ago. Throws IDEMPOTENCY_CONFLICT. */
  find(message: AdmittedMessage): Admission<AppendResult> | undefined;
  /**
   * Admits a message and shows it to its room, unless the room is strict. Throws OVERLOADED or DRAINING, and nobody has seen it then.
   *
   * @param delivery what counts while this node does not know the room's own: nobody of it is in the room.
   */
  admit(message: AdmittedMessage, delivery: Delivery): Admission<AppendResult>;
}

/** Steps 2 and 3 of the delivery contract (README): shown at once, stored soon. */
export function createMessageAdmission(deps: MessageAdmissionDeps): MessageAdmission {
  const { namespace, writeBuffer, emitter, announcer, logs } = deps;

  function deliveryIn(room: string, otherwise: Delivery): Delivery {
    const log = logs.find(namespace, room);
    if (log && !log.isLoaded && log.isLoading) {
      // Its row, which may say strict, is being read: after the commit is right for both.
      return "strict";
    }
    return log?.delivery ?? otherwise;
  }

  /** It answers a number that this node has not heard of: given elsewhere a moment ago, or made up. */
  function isAhead({ room, replyTo }: AdmittedMessage): boolean {
    const log = logs.find(namespace, room);
    return replyTo !== null && log?.isLoaded === true && replyTo > log.tip;
  }

  return {
    find: (message) => writeBuffer.find(message),
    admit(message, delivery) {
      const { room } = message;
      // Only the commit tells, of a key that was stored once and may be gone, and of a reply to a number that is not known
      // here: shown after it is right whatever it says.
      message.isShown = deliveryIn(room, delivery) === "fast" && !writeBuffer.wasStored(message) && !isAhead(message);
      // Buffer first: if it refuses, nobody has seen a message that will never be stored.
      const admission = writeBuffer.admit(message);
      if (message.isShown && !admission.isDuplicate) {
        const tip = logs.find(namespace, room)?.tip ?? 0;
        emitter.emit(room, "message", liveMessageOf(message, tip, announcer.take(room)));
      }
      return admission;
    },
  };
}

/** The answer to a message's sender, after the commit. Stays open when its fate cannot be told. Holds nothing of the message but its id. */
export async function acceptedOf(id: string, admission: Admission<AppendResult>): Promise<MessageAccepted> {
  const stored = await admission.stored;
  return {
    id,
    seq: stored.seq,
    createdAt: stored.createdAt.toISOString(),
    duplicate: admission.isDuplicate || stored.status === "duplicate",
  };
}
