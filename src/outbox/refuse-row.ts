import type { PayloadLimits } from "../contract/fields";
import { toPayloadError } from "../contract/payload-error";
import { createPublishedMessageSchema } from "../contract/published-message";
import type { OutboxRecord } from "../repositories/outbox-repository";

/** Times that readers can be told: those of Postgres reach further, to infinity. */
const FIRST_TIME_MS = Date.parse("0001-01-01T00:00:00.000Z");
const LAST_TIME_MS = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * Makes the check of what other programs have written into the table. Whoever used `publishInTransaction` was told
 * before; whoever wrote SQL, or has other limits in mind, is not to be believed.
 */
export function createRowCheck(limits: PayloadLimits): (row: OutboxRecord) => string | undefined {
  const schema = createPublishedMessageSchema(limits);
  return ({ position: _position, createdAt, replyTo, mentions, metadata, ...texts }) => {
    if (!isTime(createdAt)) {
      return "PAYLOAD_INVALID: createdAt is not in the years 1 to 9999";
    }
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

/** The driver answers infinity as a number, and what no Date holds as one that is invalid. */
function isTime(value: Date): boolean {
  const timeMs = Number(value);
  return timeMs >= FIRST_TIME_MS && timeMs <= LAST_TIME_MS;
}
