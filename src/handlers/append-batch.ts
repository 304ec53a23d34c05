import type { AppendResult, MessageRepository } from "../repositories/message-repository";
import type { AdmittedMessage } from "./admitted-message";

/**
 * Appends a batch; null for messages of rooms that somebody else holds. What an unanswered earlier attempt of the same batch has
 * stored is stored, and no duplicate.
 */
export async function appendBatch(
  messages: Pick<MessageRepository, "appendToFreeRooms">,
  items: readonly AdmittedMessage[],
  isRepeat: boolean,
  mayWait: boolean,
): Promise<(AppendResult | null)[]> {
  const results = await messages.appendToFreeRooms(items, mayWait);
  return results.map((result, index) => {
    const isOwn = isRepeat && result?.status === "duplicate" && +result.createdAt === +(items[index]?.createdAt ?? 0);
    return isOwn ? { ...result, status: "stored" } : result;
  });
}
