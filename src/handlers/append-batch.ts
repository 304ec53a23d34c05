import type { AppendResult, MessageRepository } from "../repositories/message-repository";
import type { AdmittedMessage } from "./admitted-message";

/** Appends a batch. What an unanswered earlier attempt of the same batch has stored is stored, and no duplicate. */
export async function appendBatch(
  messages: MessageRepository,
  items: readonly AdmittedMessage[],
  isRepeat: boolean,
): Promise<AppendResult[]> {
  const results = await messages.append(items);
  return results.map((result, index) => {
    const isOwn = isRepeat && result.status === "duplicate" && +result.createdAt === +(items[index]?.createdAt ?? 0);
    return isOwn ? { ...result, status: "stored" } : result;
  });
}
