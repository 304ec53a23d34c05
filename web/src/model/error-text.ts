import { type ConnectionState, RoomfulClientError } from "roomful-client";

import type { TextKey } from "./texts-en";

/** In the reader's words; what is not here is said by its code. */
const TEXTS: Partial<Record<RoomfulClientError["code"], TextKey>> = {
  TOKEN_MISSING: "errorToken",
  TOKEN_INVALID: "errorToken",
  TOKEN_EXPIRED: "errorToken",
  REVOKED: "errorToken",
  NOT_FOUND: "errorNoTokens",
  TOO_MANY_CONNECTIONS: "errorTooManyConnections",
  ROOM_FORBIDDEN: "errorRoomForbidden",
  TOO_MANY_ROOMS: "errorTooManyRooms",
  SEND_FORBIDDEN: "errorSendForbidden",
  PAYLOAD_INVALID: "errorContent",
  PAYLOAD_TOO_LARGE: "errorContent",
  STORAGE_REJECTED: "errorContent",
  CLOSED: "errorClosed",
};

/** Why something failed: a text, and what it is filled with. */
export function errorText(error: Error): [key: TextKey, values?: { code: string }] {
  if (!(error instanceof RoomfulClientError) || error.code === "NO_ANSWER") {
    return ["errorUnreachable"];
  }
  const { code } = error;
  const key = TEXTS[code];
  return key ? [key] : ["errorOther", { code }];
}

/** What keeps somebody from being connected, where the status line does not say enough. */
export function connectionProblem({ status, user, error }: ConnectionState): Error | undefined {
  const isToldWhy = error instanceof RoomfulClientError && error.code !== "NO_ANSWER" && error.code !== "DRAINING";
  // Who was connected and waits for the network knows that from the status line.
  return status !== "connected" && status !== "closed" && (isToldWhy || !user) ? error : undefined;
}
