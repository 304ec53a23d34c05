import type { AppendResult, MessageRepository } from "../repositories/message-repository";
import { roomKeyOf } from "../room-log/room-key";
import type { RoomLogs } from "../room-log/room-logs";
import type { AdmittedMessage } from "./admitted-message";

export interface AppendBatchDeps {
  messages: Pick<MessageRepository, "appendToFreeRooms">;
  logs: Pick<RoomLogs, "find">;
  /** Postgres holds another history of the room than this node has followed, after a failover that lost rows for instance. */
  onContradiction(namespace: string, room: string): void;
}

interface Followed {
  epoch: string | null;
  tip: number;
}

/**
 * What writes a batch; null for messages of rooms that somebody else holds. What an unanswered earlier attempt of the same batch
 * has stored is stored, and no duplicate.
 */
export function createBatchAppender({ messages, logs, onContradiction }: AppendBatchDeps) {
  return async function appendBatch(
    items: readonly AdmittedMessage[],
    isRepeat: boolean,
    mayWait: boolean,
  ): Promise<(AppendResult | null)[]> {
    // Taken before: another node's later number may be heard of while this batch's answer is on its way.
    const followed = new Map<string, Followed>();
    for (const { namespace, room } of items) {
      const log = logs.find(namespace, room);
      if (log?.isLoaded) {
        followed.set(roomKeyOf(namespace, room), { epoch: log.epoch, tip: log.tip });
      }
    }
    const results = await messages.appendToFreeRooms(items, mayWait);
    for (const [index, { namespace, room }] of items.entries()) {
      const result = results[index];
      const before = followed.get(roomKeyOf(namespace, room));
      if (result && before && contradicts(result, before)) {
        followed.delete(roomKeyOf(namespace, room));
        onContradiction(namespace, room);
      }
    }
    return results.map((result, index) => {
      const isOwn = isRepeat && result?.status === "duplicate" && +result.createdAt === +(items[index]?.createdAt ?? 0);
      return isOwn ? { ...result, status: "stored" } : result;
    });
  };
}

/** A number that was given now is above all that were known before, in the epoch that was known. */
function contradicts({ status, seq, epoch }: AppendResult, before: Followed): boolean {
  return status === "stored" && (seq <= before.tip || (before.epoch !== null && epoch !== before.epoch));
}
