/** `roomful/publisher`: for programs that publish into rooms. README, "Publishing". */
export type { CommandResult } from "../contract/api-batch";
export { ERROR_CODES, type ErrorCode } from "../contract/error-codes";
export type { MessageAccepted } from "../contract/events";
export { emitterKeyOf, socketRoomOf, socketRoomOfUser } from "../contract/names";
export { type ErrorReply, RoomfulError } from "../contract/roomful-error";
export {
  type CallOptions,
  createPublisher,
  type EmitOptions,
  type PublishedMessage,
  type Publisher,
  type PublisherCommand,
  type PublisherOptions,
} from "./create-publisher";
export {
  type PublishOptions,
  publishInTransaction,
  type TransactionHandle,
  type TransactionMessage,
} from "./publish-in-transaction";
