import { type Command, type CommandResult, createCommandSchema } from "../../contract/api-batch";
import { ERROR_CODES } from "../../contract/error-codes";
import type { PayloadLimits } from "../../contract/fields";
import { toPayloadError } from "../../contract/payload-error";
import { RoomfulError, toErrorReply } from "../../contract/roomful-error";
import type { Answered, ApiCall, ApiHandlers } from "./api-call";
import type { ApiSources } from "./api-sources";
import { type CommandAnswer, type CommandOutcome, runCommands, type Wish } from "./run-commands";

type PublishHandlers = Pick<ApiHandlers, "publishMessage" | "emitToRoom" | "emitToUser" | "broadcast" | "batch">;

/** Messages and events, one by one or many at once: each is a command. */
export function createPublishHandlers(limits: PayloadLimits, sources: ApiSources): PublishHandlers {
  const commandSchema = createCommandSchema(limits);

  async function runOne<Answer extends CommandAnswer>(command: Command, call: ApiCall): Promise<Answered<Answer>> {
    const [outcome] = await runCommands([{ command, key: call.idempotencyKey }], call, sources);
    if (!outcome || "refusal" in outcome) {
      throw outcome?.refusal;
    }
    // A command is answered with what its kind is answered with.
    return outcome as Answered<Answer>;
  }

  return {
    publishMessage: ({ params: { room }, body }, call) => runOne({ command: "message", room, body }, call),
    emitToRoom: ({ params: { room }, body }, call) => runOne({ command: "room_event", room, body }, call),
    emitToUser: ({ params: { userId }, body }, call) => runOne({ command: "user_event", userId, body }, call),
    broadcast: ({ body }, call) => runOne({ command: "broadcast", body }, call),
    async batch({ body: { commands } }, call) {
      const wishes = commands.map((command, index): Wish => {
        const parsed = commandSchema.safeParse(command);
        // Each has a key of its own: in a repeat of the batch, what was done is not done again, and the rest is.
        const key = call.idempotencyKey === undefined ? undefined : `${call.idempotencyKey}/${index}`;
        return parsed.success ? { command: parsed.data, key } : { refusal: toPayloadError(parsed.error) };
      });
      const outcomes = await runCommands(wishes, call, sources);
      const results = outcomes.map((outcome): CommandResult => resultOf(outcome, sources));
      return { answer: { results }, isReplayed: false };
    },
  };
}

function resultOf(outcome: CommandOutcome, { onError }: ApiSources): CommandResult {
  if ("refusal" in outcome) {
    if (!(outcome.refusal instanceof RoomfulError)) {
      onError(outcome.refusal);
    }
    const error = toErrorReply(outcome.refusal);
    return { ok: false, status: ERROR_CODES[error.code].httpStatus, error };
  }
  const { answer, isReplayed } = outcome;
  return {
    ok: true,
    status: "seq" in answer ? 201 : 202,
    data: answer,
    ...(isReplayed && { replayed: true as const }),
  };
}
