import { hash } from "node:crypto";

import type { LiveMessage, MessageBody, User } from "../contract/events";
import type { JsonValue } from "../contract/json-value";
import type { Payload } from "../contract/payload-schemas";
import { utf8Length } from "../contract/text";
import type { NewMessage } from "../repositories/message-repository";
import { roomKeyOf } from "../room-log/room-key";
import type { ItemTraits } from "../write-buffer/write-buffer";

/** A message whose fate its room is to be told. */
export interface ExpectedMessage extends NewMessage {
  /** Its room has seen it already: it is announced when it is stored, and retracted when it cannot be. */
  isShown: boolean;
}

/** A message on its way into the table, with what its admission decided. */
export interface AdmittedMessage extends ExpectedMessage {
  fingerprint: string;
}

/** The message that a sender's payload means. */
export function admittedMessageOf(
  namespace: string,
  payload: Payload<"message"> & { id: string },
  sender: User,
  createdAt: Date,
): AdmittedMessage {
  const { room, id, type, content } = payload;
  const replyTo = payload.replyTo ?? null;
  const mentions = payload.mentions ?? null;
  const metadata = payload.metadata ?? null;
  const { userId, username, color } = sender;
  // Written out, as in the two below: spreading one literal into another costs seven times as much, for each message.
  return {
    namespace,
    room,
    id,
    userId,
    username,
    color,
    type,
    content,
    replyTo,
    mentions,
    metadata,
    createdAt,
    isShown: false,
    fingerprint: hash(
      "sha256",
      JSON.stringify([namespace, room, type, content, replyTo, mentions, canonical(metadata)]),
      "base64",
    ),
  };
}

/** Users' ids may hold any character but NUL. */
export function messageKeyOf(userId: string, id: string): string {
  return `${userId}\0${id}`;
}

/** What the write buffer must know of a message. */
export const MESSAGE_TRAITS: ItemTraits<AdmittedMessage> = {
  keyOf: ({ userId, id }) => messageKeyOf(userId, id),
  fingerprintOf: ({ fingerprint }) => fingerprint,
  groupOf: ({ namespace, room }) => roomKeyOf(namespace, room),
  bytesOf: ({ content, mentions, metadata }) =>
    OBJECT_BYTES + 2 * (content.length + lengthAsJson(mentions) + lengthAsJson(metadata)),
};

/** Names, times and the objects around a message in the backlog, roughly. */
const OBJECT_BYTES = 600;

function lengthAsJson(value: unknown): number {
  return value === null ? 0 : JSON.stringify(value).length;
}

/** What its sender has said, in bytes as each reader is sent it. */
export function saidBytesOf({ content, mentions, metadata }: NewMessage): number {
  return utf8Length(content) + [mentions, metadata].reduce((sum, each) => sum + utf8LengthAsJson(each), 0);
}

function utf8LengthAsJson(value: unknown): number {
  return value === null ? 0 : utf8Length(JSON.stringify(value));
}

/** What the room sees of a message; what is absent was not said. */
export function messageBodyOf(message: NewMessage): MessageBody {
  const { replyTo, mentions, metadata } = message;
  const body: MessageBody = {
    id: message.id,
    room: message.room,
    type: message.type,
    content: message.content,
    userId: message.userId,
    username: message.username,
    color: message.color,
    createdAt: message.createdAt.toISOString(),
  };
  if (replyTo !== null) {
    body.replyTo = replyTo;
  }
  if (mentions !== null) {
    body.mentions = [...mentions];
  }
  if (metadata !== null) {
    body.metadata = metadata;
  }
  return body;
}

/** The live event of a message that is shown before it is stored. */
export function liveMessageOf(message: AdmittedMessage, tip: number, stored: LiveMessage["stored"]): LiveMessage {
  const live: LiveMessage = Object.assign(messageBodyOf(message), { tip });
  if (stored) {
    live.stored = stored;
  }
  return live;
}

/** What rooms have seen of messages in the backlog. */
export function shownIn(backlog: readonly AdmittedMessage[]): LiveMessage[] {
  return backlog.filter(({ isShown }) => isShown).map((message) => liveMessageOf(message, 0, undefined));
}

/** The same value for the same content: Postgres compares metadata as jsonb, where the order of keys does not count. */
function canonical(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return ["[", ...value.map(canonical)];
  }
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  // Marked as what it is: a list of the same keys and values is other content.
  return ["{", ...entries.flatMap(([key, member]) => [key, canonical(member)])];
}
