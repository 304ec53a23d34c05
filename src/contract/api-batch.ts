import { z } from "zod";

import { createPublishBodies } from "./api-fields";
import { ERROR_CODES } from "./error-codes";
import { errorReply, messageAccepted } from "./event-schemas";
import { type PayloadLimits, roomName, userId } from "./fields";

export const MAX_COMMANDS = 1_000;

/** What an event is answered with: it has left, and nobody keeps it. */
export const eventAccepted = z.strictObject({ accepted: z.literal(true) }).meta({ id: "EventAccepted" });

/** One command of a batch: what its own route would take. */
export function createCommandSchema(limits: PayloadLimits) {
  const bodies = createPublishBodies(limits);
  return z.discriminatedUnion("command", [
    z.strictObject({ command: z.literal("message"), room: roomName, body: bodies.message }),
    z.strictObject({ command: z.literal("room_event"), room: roomName, body: bodies.roomEvent }),
    z.strictObject({ command: z.literal("user_event"), userId, body: bodies.userEvent }),
    z.strictObject({ command: z.literal("broadcast"), body: bodies.broadcast }),
  ]);
}

export type Command = z.output<ReturnType<typeof createCommandSchema>>;

/** What became of one command. */
export const commandResult = z.union([
  z.strictObject({
    ok: z.literal(true),
    status: z.int(),
    data: z.union([messageAccepted, eventAccepted]),
    replayed: z
      .literal(true)
      .exactOptional()
      .meta({ description: "It was done by an earlier call with the same key." }),
  }),
  z.strictObject({
    ok: z.literal(false),
    status: z.int().meta({ description: `What its own route would answer: ${statusesOfErrors()}.` }),
    error: errorReply,
  }),
]);

export type CommandResult = z.output<typeof commandResult>;

function statusesOfErrors(): string {
  return [...new Set(Object.values(ERROR_CODES).map(({ httpStatus }) => httpStatus))].sort().join(", ");
}
