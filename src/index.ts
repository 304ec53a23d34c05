/** Roomful inside a program of its own: README, "Embedding". The only re-export file of the server. */
export { createRoomful, type Roomful, type RoomfulOptions } from "./app";
export type { PartialConfig, RoomfulConfig } from "./config/config";
export { ConfigError, createConfig, loadConfig } from "./config/load-config";
export type { Ack } from "./contract/acknowledgement";
export { ERROR_CODES, type ErrorCode } from "./contract/error-codes";
export type * from "./contract/events";
export { type ErrorReply, RoomfulError } from "./contract/roomful-error";
export type { TokenRequest } from "./middleware/sign-token";
