import { z } from "zod";

import { findJsonFault, type JsonObject, type JsonValue, TOO_MANY_MEMBERS } from "./json-value";
import { MESSAGE_TYPE_PATTERN, ROOM_NAME_PATTERN, SYSTEM_MESSAGE_TYPE } from "./names";
import { isCarriable, utf8Length } from "./text";

/** Limits that the schemas check; what each means stands in the configuration. */
export interface PayloadLimits {
  maxFrameBytes: number;
  maxContentBytes: number;
  maxMetadataBytes: number;
  maxJsonDepth: number;
}

/** Messages a page holds at most, and when nothing was asked. */
export const MAX_PAGE_SIZE = 200;
export const DEFAULT_PAGE_SIZE = 50;
const MAX_MENTIONS = 50;
const MAX_USER_ID_LENGTH = 128;
const MAX_NAME_LENGTH = 64;

/** Marks an issue that is answered with PAYLOAD_TOO_LARGE instead of PAYLOAD_INVALID. */
export const TOO_LARGE = { tooLarge: true } as const;

declare module "zod" {
  interface GlobalMeta {
    /** Stands in the published documents in place of what zod would say, where no JSON Schema can be made of a check. */
    wire?: Record<string, unknown>;
  }
}

export const roomName = z.string().regex(ROOM_NAME_PATTERN, "is not a room name");
export const userId = z.string().min(1).max(MAX_USER_ID_LENGTH).refine(isCarriable, "holds NUL or a lone surrogate");
export const username = z.string().min(1).max(MAX_NAME_LENGTH).refine(isCarriable, "holds NUL or a lone surrogate");
/** Lower case only: the id is a key, and Postgres answers it in lower case. */
export const messageId = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "is not a UUID in lower case");
export const seq = z.int().min(1);
export const after = z.int().min(0);
export const epoch = z.string().min(1).max(64).nullable();
export const limit = z.int().min(1).max(MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE);
export const mentions = z.array(userId).max(MAX_MENTIONS);
export const messageType = z
  .string()
  .regex(MESSAGE_TYPE_PATTERN, "is not a message type")
  .refine((type) => type !== SYSTEM_MESSAGE_TYPE, "is the server's own type")
  .default("text");

export function contentOf({ maxContentBytes }: Pick<PayloadLimits, "maxContentBytes">) {
  return z
    .string()
    .min(1, "is empty")
    .refine(isCarriable, "holds NUL or a lone surrogate")
    .refine((text) => utf8Length(text) <= maxContentBytes, { error: "is too long", params: TOO_LARGE })
    .meta({ description: `Up to ${maxContentBytes} bytes of UTF-8.` });
}

export function metadataOf({ maxMetadataBytes, maxJsonDepth }: PayloadLimits) {
  return z
    .custom<JsonObject>()
    .superRefine((value: unknown, context) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        context.addIssue({ code: "custom", message: "is not an object" });
        return;
      }
      checkJson(value, context, { maxBytes: maxMetadataBytes, maxDepth: maxJsonDepth });
    })
    .meta({
      wire: {
        type: "object",
        description: `Up to ${maxMetadataBytes} bytes as JSON, and ${maxJsonDepth} levels.`,
      },
    });
}

/** Any JSON value, as an event of another program carries it. */
export function jsonOf({ maxFrameBytes, maxJsonDepth }: PayloadLimits) {
  return z
    .custom<JsonValue>((value) => value !== undefined, "is missing")
    .superRefine((value: unknown, context) => {
      checkJson(value, context, { maxBytes: maxFrameBytes, maxDepth: maxJsonDepth });
    })
    .meta({
      wire: { description: `Any JSON value of up to ${maxFrameBytes} bytes and ${maxJsonDepth} levels.` },
    });
}

function checkJson(
  value: unknown,
  context: z.core.$RefinementCtx,
  { maxBytes, maxDepth }: { maxBytes: number; maxDepth: number },
): void {
  // The value itself is the first level. A member takes at least two bytes of JSON.
  const fault = findJsonFault(value, maxDepth, { members: maxBytes / 2 });
  const isTooLarge = fault === TOO_MANY_MEMBERS || (!fault && utf8Length(JSON.stringify(value)) > maxBytes);
  if (isTooLarge) {
    context.addIssue({ code: "custom", message: TOO_MANY_MEMBERS, params: TOO_LARGE });
  } else if (fault) {
    context.addIssue({ code: "custom", message: fault });
  }
}
