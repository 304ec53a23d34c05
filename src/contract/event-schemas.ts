import { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "./error-codes";
import type {
  HistoryPage,
  LiveMessage,
  MessageAccepted,
  MessageBody,
  PresenceChanged,
  PresencePage,
  PresenceStep,
  RoomList,
  RoomState,
  ServerEvent,
  ServerPayload,
  StoredMessage,
  StoredRuns,
  User,
  Welcome,
} from "./events";
import type { JsonObject } from "./json-value";
import type { ErrorReply } from "./roomful-error";

/**
 * What the server sends and answers, as schemas: the published documents are made of them, and tests hold what
 * is really sent against them. The types are those of `events.ts`; the compiler holds both against each other.
 */

const text = z.string();
const time = z.string().meta({ wire: { type: "string", format: "date-time" }, description: "In UTC." });
const count = z.int().min(0);
const seq = z.int().min(1).meta({ description: "The message's number in its room." });
const epoch = z
  .string()
  .nullable()
  .meta({ description: "Another one means: drop what you have. null: there is none yet." });
const metadata = z.custom<JsonObject>().meta({ wire: { type: "object" } });

const userShape = {
  userId: text,
  username: text,
  color: z.string().meta({ description: "#rrggbb" }),
};
const user = z.strictObject(userShape).meta({ id: "User" }) satisfies z.ZodType<User>;

const bodyShape = {
  ...userShape,
  id: z.uuid(),
  room: text,
  type: text,
  content: text,
  createdAt: time,
  replyTo: seq.exactOptional(),
  mentions: z.array(text).exactOptional(),
  metadata: metadata.exactOptional(),
};
z.strictObject(bodyShape) satisfies z.ZodType<MessageBody>;

const storedMessage = z
  .strictObject({ ...bodyShape, seq })
  .meta({ id: "StoredMessage" }) satisfies z.ZodType<StoredMessage>;

const runs = z
  .array(z.strictObject({ from: seq, items: z.array(z.tuple([text, z.uuid()])) }))
  .meta({ description: "The i-th item, a user's id and a message's, has number `from + i`." });
const storedRuns = z.strictObject({ epoch: text, runs }) satisfies z.ZodType<StoredRuns>;

const liveMessage = z
  .strictObject({
    ...bodyShape,
    tip: count.meta({ description: "The highest number known of the room; 0: unknown." }),
    seq: seq.exactOptional(),
    stored: storedRuns.exactOptional(),
  })
  .meta({ id: "LiveMessage" }) satisfies z.ZodType<LiveMessage>;

export const errorReply = z
  .strictObject({
    code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
    message: text,
    retryable: z.boolean(),
    retryAfterMs: z.number().exactOptional(),
    details: z.unknown().exactOptional(),
  })
  .meta({ id: "Error" }) satisfies z.ZodType<ErrorReply>;

/** An error as HTTP answers it, RFC 9457. */
export const problem = z
  .strictObject({ type: z.literal("about:blank"), title: text, status: z.int(), ...errorReply.shape })
  .meta({ id: "Problem" });

const hasMorePending = z.literal(true).exactOptional().meta({
  description: "`pending` holds the newest only: of a message that it does not list nothing is said.",
});

const roomState = z.strictObject({
  room: text,
  epoch,
  lastSeq: count.nullable(),
  recovered: z.boolean().nullable(),
  messages: z.array(storedMessage),
  hasMore: z.boolean(),
  pending: z.array(liveMessage),
  hasMorePending,
  users: z.array(user),
  count,
}) satisfies z.ZodType<RoomState>;

export const messageAccepted = z
  .strictObject({ id: z.uuid(), seq, createdAt: time, duplicate: z.boolean() })
  .meta({ id: "MessageAccepted" }) satisfies z.ZodType<MessageAccepted>;

export const historyPage = z
  .strictObject({
    messages: z.array(storedMessage),
    hasMoreBefore: z.boolean(),
    hasMoreAfter: z.boolean(),
    lastSeq: count,
    epoch,
    pending: z
      .array(liveMessage)
      .exactOptional()
      .meta({ description: "Shown and not numbered yet, as far as this node knows; on the newest page." }),
    hasMorePending,
  })
  .meta({ id: "HistoryPage" }) satisfies z.ZodType<HistoryPage>;

export const presencePage = z
  .strictObject({
    users: z.array(user),
    count,
    partial: z.boolean().meta({ description: "Some nodes could not be asked." }),
  })
  .meta({ id: "PresencePage" }) satisfies z.ZodType<PresencePage>;

export const roomList = z
  .strictObject({
    rooms: z.array(z.strictObject({ room: text, count, lastSeq: count })),
    hasMore: z.boolean(),
    next: text.exactOptional().meta({
      description:
        "`after` of the next page in place of the last room's name: 20,000 rooms were looked at, and the page is not full.",
    }),
  })
  .meta({ id: "RoomList" }) satisfies z.ZodType<RoomList>;

/** What each event of a client is answered with, in `data`. */
export const answerSchemas = {
  join: roomState,
  leave: z.null(),
  message: messageAccepted,
  typing: z.null(),
  history: historyPage,
  presence: presencePage,
  rooms: roomList,
  refresh_token: z.strictObject({ tokenExpiresAt: time }),
};

const presenceStep = z.strictObject({
  room: text,
  ...userShape,
  count,
  users: z.array(user),
}) satisfies z.ZodType<PresenceStep>;

/** The payload of each event of the server. */
export const serverEventSchemas = {
  welcome: z.strictObject({
    ...userShape,
    socketId: text,
    tokenExpiresAt: time,
    serverTime: time,
    lastDisconnect: errorReply.exactOptional(),
  }) satisfies z.ZodType<Welcome>,
  message: liveMessage,
  stored: z.strictObject({ room: text, epoch: text, runs }),
  retracted: z.strictObject({ room: text, userId: text, id: z.uuid(), code: errorReply.shape.code }),
  typing: z.strictObject({ room: text, userId: text, username: text, isTyping: z.boolean() }),
  user_joined: presenceStep,
  user_left: presenceStep,
  presence_changed: z.strictObject({
    room: text,
    joined: z.array(user),
    left: z.array(text),
    truncated: z.literal(true).exactOptional(),
    count,
  }) satisfies z.ZodType<PresenceChanged>,
  room_state: z.union([roomState, z.strictObject({ room: text, error: errorReply })]),
  token_expiring: z.strictObject({ expiresAt: time }),
  draining: z.strictObject({ reconnectAfterMs: z.number() }),
  closing: errorReply,
} satisfies { [Event in ServerEvent]: z.ZodType<ServerPayload<Event>> };
