/** `roomful-client`: rooms for apps, in browsers, Node and React Native. README, "Client SDK". */

export type { RoomList, User } from "../../src/contract/events";
export type { JsonObject, JsonValue } from "../../src/contract/json-value";
export type { Clock, Timer } from "./clock";
export { type ClientParts, createClient } from "./create-client";
export { type ClientErrorCode, RoomfulClientError } from "./roomful-client-error";
export type {
  Client,
  ClientConnection,
  ClientOptions,
  ConnectionState,
  ConnectionStatus,
  MessageStatus,
  OutboxStorage,
  Room,
  RoomActions,
  RoomChange,
  RoomMessage,
  RoomSnapshot,
  RoomStatus,
  SendOptions,
  SendResult,
  Store,
} from "./types";
