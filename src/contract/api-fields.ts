import { z } from "zod";

import { eventName } from "./custom-event";
import {
  contentOf,
  jsonOf,
  mentions,
  messageId,
  messageType,
  metadataOf,
  type PayloadLimits,
  roomName,
  seq,
  userId,
  username,
} from "./fields";

/** Rooms that one event can go to, and people and sockets that it can leave out. */
const MAX_TARGETS = 100;

/** A whole number in a query string, which holds only text. */
export function queryNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  return z
    .string()
    .regex(/^\d{1,16}$/, "is not a whole number")
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .meta({ wire: { type: "integer", minimum: min, ...(max < Number.MAX_SAFE_INTEGER && { maximum: max }) } });
}

export const namespaceQuery = {
  namespace: z
    .string()
    .regex(/^\/[A-Za-z0-9_-]{0,63}$/, "is not a namespace")
    .default("/")
    .meta({ description: "Which of the service's namespaces; each is a world of its own." }),
};

/** Bodies of what a `publish` key may say, on its own or in a batch. */
export function createPublishBodies(limits: PayloadLimits) {
  const event = { event: eventName, data: jsonOf(limits) };
  const options = {
    except: z
      .array(userId)
      .max(MAX_TARGETS)
      .optional()
      .meta({ description: "Ids of users and of sockets that do not get it." }),
    volatile: z
      .boolean()
      .default(false)
      .meta({ description: "A socket that cannot be written to right now misses it." }),
  };
  return {
    message: z
      .strictObject({
        userId: userId.meta({ description: "Whose message it is. The user need not be connected, nor in the room." }),
        username: username.optional().meta({ description: "Default: the user's id." }),
        content: contentOf(limits),
        type: messageType,
        id: messageId.optional().meta({
          description:
            "The message's key, together with the user. Not beside the header Idempotency-Key, which makes it.",
        }),
        replyTo: seq.optional().meta({ description: "Number of a stored message of the room." }),
        mentions: mentions.optional().meta({ description: "Ids of users." }),
        metadata: metadataOf(limits).optional(),
      })
      .meta({ id: "Message" }),
    roomEvent: z.strictObject({ ...event, ...options }).meta({ id: "RoomEvent" }),
    userEvent: z.strictObject({ ...event, volatile: options.volatile }).meta({ id: "UserEvent" }),
    broadcast: z
      .strictObject({
        ...event,
        rooms: z
          .array(roomName)
          .min(1, "is empty")
          .max(MAX_TARGETS)
          .meta({ description: "A socket in several of them gets it once." }),
        ...options,
      })
      .meta({ id: "Broadcast" }),
  };
}
