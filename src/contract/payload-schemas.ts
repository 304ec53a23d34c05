import { z } from "zod";

import { findJsonFault, type JsonObject } from "./json-value";
import { MESSAGE_TYPE_PATTERN, ROOM_NAME_PATTERN, SYSTEM_MESSAGE_TYPE } from "./names";
import { isCarriable, utf8Length } from "./text";

/** Limits that the schemas check; what each means stands in the configuration. */
export interface PayloadLimits {
  maxContentBytes: number;
  maxMetadataBytes: number;
  maxJsonDepth: number;
}

/** Messages a page holds at most, and when nothing was asked. */
const MAX_PAGE_SIZE = 200;
const DEFAULT_PAGE_SIZE = 50;
const MAX_MENTIONS = 50;
const MAX_HANDSHAKE_ROOMS = 20;
const MAX_USER_ID_LENGTH = 128;

/** Marks an issue that is answered with PAYLOAD_TOO_LARGE instead of PAYLOAD_INVALID. */
export const TOO_LARGE = { tooLarge: true } as const;

const roomName = z.string().regex(ROOM_NAME_PATTERN, "is not a room name");
const userId = z.string().min(1).max(MAX_USER_ID_LENGTH).refine(isCarriable, "holds NUL or a lone surrogate");
/** Lower case only: the id is a key, and Postgres answers it in lower case. */
const messageId = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "is not a UUID in lower case");
const seq = z.int().min(1);
const after = z.int().min(0);
const epoch = z.string().min(1).max(64).nullable();
const limit = z.int().min(1).max(MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE);

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

/** One strict schema for each event of a client: unknown keys are refused. */
export function createPayloadSchemas(limits: PayloadLimits) {
  const content = z
    .string()
    .min(1, "is empty")
    .refine(isCarriable, "holds NUL or a lone surrogate")
    .refine((text) => utf8Length(text) <= limits.maxContentBytes, { error: "is too long", params: TOO_LARGE });

  const metadata = z.custom<JsonObject>().superRefine((value: unknown, context) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      context.addIssue({ code: "custom", message: "is not an object" });
      return;
    }
    // The object itself is the first level.
    const fault = findJsonFault(value, limits.maxJsonDepth);
    if (fault) {
      context.addIssue({ code: "custom", message: fault });
    } else if (utf8Length(JSON.stringify(value)) > limits.maxMetadataBytes) {
      context.addIssue({ code: "custom", message: "is too long", params: TOO_LARGE });
    }
  });

  return {
    join: roomToJoin.extend({ limit }),
    leave: z.strictObject({ room: roomName }),
    message: z.strictObject({
      room: roomName,
      content,
      id: messageId.optional(),
      type: z
        .string()
        .regex(MESSAGE_TYPE_PATTERN, "is not a message type")
        .refine((type) => type !== SYSTEM_MESSAGE_TYPE, "is the server's own type")
        .default("text"),
      replyTo: seq.optional(),
      mentions: z.array(userId).max(MAX_MENTIONS).optional(),
      metadata: metadata.optional(),
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
      .refine(
        ({ before, after, around }) => [before, after, around].filter((each) => each !== undefined).length <= 1,
        "takes one of before, after and around",
      ),
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
