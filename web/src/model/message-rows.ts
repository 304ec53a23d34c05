import type { RoomMessage } from "roomful-client";

/** What stands in the list, one below the other. */
export type Row =
  | { kind: "day"; key: string; atMs: number }
  | { kind: "unread"; key: string }
  | { kind: "message"; key: string; message: RoomMessage; isFirst: boolean };

export interface RowsOptions {
  from: number;
  to: number;
  /** Key of the first message that was not read. */
  unreadKey: string | undefined;
}

/** Messages of one person that follow each other within this time stand under one name. */
const GROUP_MS = 5 * 60_000;

/** The rows of a part of the list. What comes before the part decides how it begins. */
export function rowsOf(messages: readonly RoomMessage[], { from, to, unreadKey }: RowsOptions): Row[] {
  const rows: Row[] = [];
  for (let index = from; index < to; index += 1) {
    const message = messages[index] as RoomMessage;
    const before = messages[index - 1];
    const atMs = Date.parse(message.createdAt);
    const isNewDay = !before || dayOf(Date.parse(before.createdAt)) !== dayOf(atMs);
    const isUnread = message.key === unreadKey;
    if (isNewDay) {
      rows.push({ kind: "day", key: `day ${message.key}`, atMs });
    }
    if (isUnread) {
      rows.push({ kind: "unread", key: "unread" });
    }
    const isFirst = isNewDay || isUnread || !before || !belongTogether(before, message);
    rows.push({ kind: "message", key: message.key, message, isFirst });
  }
  return rows;
}

function belongTogether(before: RoomMessage, message: RoomMessage): boolean {
  return (
    before.userId === message.userId &&
    before.username === message.username &&
    before.type !== "system" &&
    message.type !== "system" &&
    Math.abs(Date.parse(message.createdAt) - Date.parse(before.createdAt)) < GROUP_MS
  );
}

/** A day as the reader's calendar has it. */
export function dayOf(atMs: number): string {
  const date = new Date(atMs);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
}
