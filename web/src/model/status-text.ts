import type { ConnectionStatus, RoomStatus } from "roomful-client";

import type { TextKey } from "./texts-en";

export interface StatusOptions {
  connection: ConnectionStatus;
  room: RoomStatus | undefined;
  /** It was connected before. */
  isReturning: boolean;
  /** It has just come to where it was before it was cut. */
  hasCaughtUp: boolean;
}

/** What the status line says: the connection first, since without it nothing else counts. */
export function statusText({ connection, room, isReturning, hasCaughtUp }: StatusOptions): TextKey {
  if (connection === "refused") {
    return "connectionRefused";
  }
  if (connection === "closed") {
    return "connectionClosed";
  }
  if (connection !== "connected") {
    return isReturning ? "reconnecting" : "connecting";
  }
  const words: Record<RoomStatus, TextKey> = {
    joining: "joining",
    "catching-up": "catchingUp",
    live: hasCaughtUp ? "caughtUp" : "live",
    refused: "roomRefused",
    left: "leftRoom",
  };
  return room ? words[room] : "connected";
}
