import type { PayloadLimits } from "../contract/fields";
import { toPayloadError } from "../contract/payload-error";
import { createPublishedMessageSchema } from "../contract/published-message";
import type { OutboxRecord } from "../repositories/outbox-repository";

/**
 * Makes the check of what other programs have written into the table. Whoever used `publishInTransaction` was told
 * before; whoever wrote SQL, or has other limits in mind, is not to be believed.
 */
export function createRowCheck(limits: PayloadLimits): (row: OutboxRecord) => string | undefined {
  const schema = createPublishedMessageSchema(limits);
  return ({ position: _position, createdAt: _createdAt, replyTo, mentions, metadata, ...texts }) => {
    const { error } = schema.safeParse({
      ...texts,
      ...(replyTo !== null && { replyTo }),
      ...(mentions !== null && { mentions }),
      ...(metadata !== null && { metadata }),
    });
    return error && describe(error);
  };
}

function describe(error: Parameters<typeof toPayloadError>[0]): string {
  const { code, details } = toPayloadError(error);
  const [first] = details as { path: string; problem: string }[];
  return `${code}: ${first?.path} ${first?.problem}`;
}
