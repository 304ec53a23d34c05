import { z } from "zod";

import {
  after,
  contentOf,
  epoch,
  limit,
  mentions,
  messageId,
  messageType,
  metadataOf,
  type PayloadLimits,
  roomName,
  seq,
  userId,
} from "./fields";

const MAX_HANDSHAKE_ROOMS = 20;

const roomToJoin = z.strictObject({ room: roomName, after: after.optional(), epoch: epoch.optional() });

/** What `handshake.auth` may hold; the token is judged on its own. */
export const handshakeAuthSchema = z.strictObject({
  token: z.unknown().optional(),
  rooms: z
    .array(z.union([roomName.transform((room) => ({ room })), roomToJoin]))
    .max(MAX_HANDSHAKE_ROOMS)
    .default([]),
  lastSocketId: z.string().max(64).optional(),
});
export type HandshakeAuth = z.infer<typeof handshakeAuthSchema>;

/** Says whether a page was asked for in one way only. */
export function takesOnePlace(page: { before?: unknown; after?: unknown; around?: unknown }): boolean {
  return [page.before, page.after, page.around].filter((each) => each !== undefined).length <= 1;
}
export const ONE_PLACE = "takes one of before, after and around";

/** One strict schema for each event of a client: unknown keys are refused. */
export function createPayloadSchemas(limits: PayloadLimits) {
  return {
    join: roomToJoin.extend({ limit }),
    leave: z.strictObject({ room: roomName }),
    message: z.strictObject({
      room: roomName,
      content: contentOf(limits),
      id: messageId.optional(),
      type: messageType,
      replyTo: seq.optional(),
      mentions: mentions.optional(),
      metadata: metadataOf(limits).optional(),
    }),
    typing: z.strictObject({ room: roomName, isTyping: z.boolean() }),
    history: z
      .strictObject({
        room: roomName,
        before: seq.optional(),
        after: after.optional(),
        around: seq.optional(),
        limit,
      })
      .refine(takesOnePlace, ONE_PLACE),
    presence: z.strictObject({ room: roomName, after: userId.optional() }),
    rooms: z.strictObject({ after: roomName.optional() }),
    refresh_token: z.strictObject({ token: z.string().min(1) }),
  };
}

export type PayloadSchemas = ReturnType<typeof createPayloadSchemas>;
/** Names of the events that a client may send. */
export type ClientEvent = keyof PayloadSchemas;
/** A client event's payload after its schema has taken it: defaults are filled in. */
export type Payload<Event extends ClientEvent> = z.output<PayloadSchemas[Event]>;
