import type { IncomingMessage, ServerResponse } from "node:http";

/** The table of a chat as people make it: a number of its own, an index for reading a room. */
export const CREATE_CHAT_TABLE = `
CREATE TABLE IF NOT EXISTS chat_messages (
  number bigserial PRIMARY KEY, id uuid NOT NULL, room text NOT NULL, user_id text NOT NULL, username text NOT NULL,
  content text NOT NULL, created_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS chat_messages_room_idx ON chat_messages (room, number)`;

export const INSERT_MESSAGE =
  "INSERT INTO chat_messages (id, room, user_id, username, content, created_at) VALUES ($1, $2, $3, $4, $5, $6)";

export function requireVariable(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set`);
  }
  return value;
}

/** What the bench asks to see that a server is up. */
export function answerReady(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200).end("ok");
}

/** Ends in order, so that a profile is written. */
export function stopOnSignal(): void {
  process.once("SIGTERM", () => process.exit(0));
}
