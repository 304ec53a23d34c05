import { uuidv7 } from "uuidv7";
import type { PayloadLimits } from "../contract/fields";
import type { JsonObject } from "../contract/json-value";
import { toPayloadError } from "../contract/payload-error";
import { createPublishedMessageSchema } from "../contract/published-message";
import { colorOfUser, usernameOf } from "../middleware/user-defaults";

/** A message of a user, to be published into a room. */
export interface TransactionMessage {
  room: string;
  userId: string;
  content: string;
  /**
   * Its key, together with the user: a UUID in lower case. Give the same one when the same thing is published again.
   * @default a UUIDv7
   */
  id?: string;
  /** @default "/" */
  namespace?: string;
  /** @default the user's id */
  username?: string;
  /** `#rrggbb`. @default always the same one for a user */
  color?: string;
  /** @default "text" */
  type?: string;
  /** Number of a stored message of the room. */
  replyTo?: number;
  /** Ids of users. */
  mentions?: string[];
  metadata?: JsonObject;
}

/** What a transaction is reached through: an EntityManager or a QueryRunner of TypeORM, or a client of pg. */
export interface TransactionHandle {
  query(sql: string, parameters: unknown[]): Promise<unknown>;
}

export interface PublishOptions {
  /** The limits of the service, where they are not the default ones: what is above them there is not shown, but set aside. */
  limits?: Partial<PayloadLimits>;
}

/** The service's own defaults. */
const DEFAULT_LIMITS: PayloadLimits = {
  maxFrameBytes: 65_536,
  maxContentBytes: 8_192,
  maxMetadataBytes: 4_096,
  maxJsonDepth: 8,
};

const INSERT_SQL = `
  INSERT INTO outbox (namespace, room, message_id, user_id, username, color, type, content, reply_to, mentions, metadata)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;

const defaultSchema = createPublishedMessageSchema(DEFAULT_LIMITS);

/**
 * Publishes a message if the caller's transaction commits: it writes a row into the outbox, which a node of the service
 * moves into the room after the commit, once. Answers the message's id.
 *
 * It takes no lock, and does not wait for other transactions; the service need not run.
 *
 * @throws RoomfulError PAYLOAD_INVALID or PAYLOAD_TOO_LARGE, before anything is sent to Postgres.
 * @throws TypeError when the handle is known not to be in a transaction: the row would not share the caller's fate.
 */
export async function publishInTransaction(
  handle: TransactionHandle,
  message: TransactionMessage,
  { limits }: PublishOptions = {},
): Promise<string> {
  const schema = limits ? createPublishedMessageSchema({ ...DEFAULT_LIMITS, ...limits }) : defaultSchema;
  const result = schema.safeParse(message);
  if (!result.success) {
    throw toPayloadError(result.error);
  }
  refuseOutsideTransaction(handle);
  const { namespace, room, userId, type, content, replyTo, mentions, metadata } = result.data;
  const { id = uuidv7(), username = usernameOf(userId), color = colorOfUser(userId) } = result.data;
  await handle.query(INSERT_SQL, [
    ...[namespace, room, id, userId, username, color, type, content],
    ...[replyTo ?? null, mentions ?? null, metadata ? JSON.stringify(metadata) : null],
  ]);
  return id;
}

/** What TypeORM and pg say of themselves; a handle that says nothing is believed. */
interface KnownHandle {
  /** pg's client: `I` is idle, null not yet asked anything. Older versions do not say. */
  getTransactionStatus?(): string | null;
  /** TypeORM's query runner. */
  isTransactionActive?: boolean;
  /** TypeORM's entity manager, when it belongs to a query runner. */
  queryRunner?: { isTransactionActive: boolean };
  /** TypeORM's entity manager and data source can begin a transaction. */
  transaction?: unknown;
  /** pg's pool counts its clients. */
  totalCount?: number;
}

function refuseOutsideTransaction(handle: TransactionHandle & KnownHandle): void {
  if (!isInTransaction(handle)) {
    throw new TypeError(
      "publishInTransaction needs a handle whose transaction has begun: the EntityManager of dataSource.transaction(), " +
        "a QueryRunner after startTransaction(), or a pg Client after BEGIN",
    );
  }
}

function isInTransaction(handle: KnownHandle): boolean {
  if (handle.getTransactionStatus) {
    const status = handle.getTransactionStatus();
    return status !== null && status !== "I";
  }
  const isActive = handle.isTransactionActive ?? handle.queryRunner?.isTransactionActive;
  return isActive ?? (handle.transaction === undefined && handle.totalCount === undefined);
}
