import type { StoredMessage } from "../contract/events";
import type { JsonObject } from "../contract/json-value";

/** A row of `messages`, as JSON of Postgres brings it. */
export interface MessageRow {
  seq: number;
  id: string;
  user_id: string;
  username: string;
  color: string;
  type: string;
  content: string;
  reply_to: number | null;
  mentions: string[] | null;
  metadata: JsonObject | null;
  created_at: Date;
}

/** The message as it goes over the wire; what is absent was not said. */
export function toStoredMessage(room: string, row: MessageRow): StoredMessage {
  const { seq, id, user_id: userId, username, color, type, content, created_at, reply_to, mentions, metadata } = row;
  return {
    ...{ id, room, seq, type, content, userId, username, color },
    createdAt: new Date(created_at).toISOString(),
    ...(reply_to !== null && { replyTo: reply_to }),
    ...(mentions !== null && { mentions }),
    ...(metadata !== null && { metadata }),
  };
}
