import { z } from "zod";

import { SERVER_EVENTS } from "./events";
import type { ClientEvent } from "./payload-schemas";
import { isCarriable } from "./text";

const MAX_EVENT_NAME_LENGTH = 128;

const CLIENT_EVENTS = {
  join: true,
  leave: true,
  message: true,
  typing: true,
  history: true,
  presence: true,
  rooms: true,
  refresh_token: true,
} satisfies Record<ClientEvent, true>;

/** What Socket.IO gives a meaning of its own: a server that emits one of them throws, or a client mistakes it. */
const SOCKET_IO_EVENTS = [
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
  "error",
];

/** Names that no other program may emit: whoever hears one of them must be able to believe it. */
export const RESERVED_EVENTS: ReadonlySet<string> = new Set([
  ...SOCKET_IO_EVENTS,
  ...SERVER_EVENTS,
  ...Object.keys(CLIENT_EVENTS),
]);

/** The name of an event of another program. */
export const eventName = z
  .string()
  .min(1)
  .max(MAX_EVENT_NAME_LENGTH)
  .refine(isCarriable, "holds NUL or a lone surrogate")
  .refine((name) => !RESERVED_EVENTS.has(name), "is a reserved name")
  .meta({ description: "Any name but those of Socket.IO and of Roomful's own events." });
