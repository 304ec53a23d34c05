import { z } from "zod";

import { namespaceQuery } from "./api-fields";
import { type PayloadLimits, userId, username } from "./fields";
import { COLOR_PATTERN } from "./names";
import { createPayloadSchemas } from "./payload-schemas";

/** A message that another program puts into the outbox: what a socket sends, and what a socket's token says of its user. */
export function createPublishedMessageSchema(limits: PayloadLimits) {
  return createPayloadSchemas(limits).message.extend({
    ...namespaceQuery,
    userId,
    username: username.optional(),
    color: z.string().regex(COLOR_PATTERN, "is not a colour").optional(),
  });
}
