import type { Command } from "../../contract/api-batch";
import type { MessageAccepted } from "../../contract/events";
import { RoomfulError } from "../../contract/roomful-error";
import type { DeliveryOfRoom } from "../../handlers/message-publisher";
import { type Answered, type ApiCall, checkAllRooms, checkRooms } from "./api-call";
import type { ApiSources } from "./api-sources";
import { beginKeyed, type KeyedCall, messageIdOf, requestHashOf } from "./idempotency";

/** A command that is to be done, with the key under which it may have been done before; or why it is none. */
export type Wish = { command: Command; key: string | undefined } | { refusal: unknown };

export type CommandAnswer = MessageAccepted | { accepted: true };
export type CommandOutcome = Answered<CommandAnswer> | { refusal: unknown };

/** A command on its way: what it answers, or why it does not. */
type Started = { outcome: Promise<CommandOutcome>; done?: { key: string; lease: string } };

const ACCEPTED = { accepted: true } as const;
const DRAINING_RETRY_MS = 1_000;

/**
 * Does commands in order and answers one outcome for each, in order. Messages are admitted one after the
 * other and awaited together. What has to be read is read before the first of them.
 */
export async function runCommands(
  wishes: readonly Wish[],
  call: ApiCall,
  sources: ApiSources,
): Promise<CommandOutcome[]> {
  const judged = wishes.map((wish) => judge(wish, call, sources));
  const [deliveryOf, keyedOf] = await Promise.all([readDelivery(judged, call), beginEvents(judged, call, sources)]);
  /** After a refusal that may pass, later messages to the room wait for the repeat of the first. */
  const held = new Map<string, RoomfulError>();

  const started = judged.map((wish): Started => {
    if ("refusal" in wish) {
      return { outcome: Promise.resolve(wish) };
    }
    try {
      return wish.command.command === "message"
        ? { outcome: startMessage(wish.command, wish.key, call, deliveryOf, held) }
        : startEvent(wish.command, wish.key, call, keyedOf);
    } catch (refusal) {
      return { outcome: Promise.resolve({ refusal }) };
    }
  });
  await finishEvents(started, call, sources);
  return Promise.all(started.map(({ outcome }) => outcome));
}

function judge(wish: Wish, call: ApiCall, sources: ApiSources): Wish {
  if ("refusal" in wish) {
    return wish;
  }
  const { command, key } = wish;
  try {
    if (command.command === "user_event") {
      checkAllRooms(call.caller);
    } else {
      checkRooms(call.caller, command.command === "broadcast" ? command.body.rooms : [command.room], sources);
    }
    if (command.command === "message" && key !== undefined && command.body.id !== undefined) {
      const problem = "is not taken beside Idempotency-Key, which makes it";
      throw new RoomfulError("PAYLOAD_INVALID", { details: [{ path: "id", problem }] });
    }
    if (command.command !== "message" && sources.isDraining()) {
      throw new RoomfulError("DRAINING", { retryAfterMs: DRAINING_RETRY_MS });
    }
    return wish;
  } catch (refusal) {
    return { refusal };
  }
}

async function readDelivery(wishes: readonly Wish[], { namespace }: ApiCall): Promise<DeliveryOfRoom> {
  const rooms = wishes.flatMap((wish) =>
    "command" in wish && wish.command.command === "message" ? [wish.command.room] : [],
  );
  return namespace.publisher.deliveryIn(rooms);
}

/** What is known of the keys of events. When that cannot be asked, none of them is done. */
async function beginEvents(
  wishes: readonly Wish[],
  { caller, namespace }: ApiCall,
  sources: ApiSources,
): Promise<(key: string) => KeyedCall> {
  const calls = wishes.flatMap((wish) =>
    "command" in wish && wish.key !== undefined && wish.command.command !== "message"
      ? [{ key: wish.key, requestHash: requestHashOf(namespace.name, wish.command) }]
      : [],
  );
  if (calls.length === 0) {
    return () => ({ refusal: new RoomfulError("INTERNAL") });
  }
  try {
    const states = await beginKeyed(caller.name, calls, sources);
    const stateOf = new Map(calls.map(({ key }, index) => [key, states[index]]));
    return (key) => stateOf.get(key) ?? { refusal: new RoomfulError("INTERNAL") };
  } catch (error) {
    if (!(error instanceof RoomfulError)) {
      throw error;
    }
    return () => ({ refusal: error });
  }
}

function startMessage(
  { room, body }: Extract<Command, { command: "message" }>,
  key: string | undefined,
  { caller, namespace }: ApiCall,
  deliveryOf: DeliveryOfRoom,
  held: Map<string, RoomfulError>,
): Promise<CommandOutcome> {
  const before = held.get(room);
  if (before) {
    throw before;
  }
  try {
    const id = key === undefined ? body.id : messageIdOf(caller.name, body.userId, key);
    return namespace.publisher.publish(room, { ...body, id }, deliveryOf).then(
      (answer) => ({ answer, isReplayed: key !== undefined && answer.duplicate }),
      (refusal: unknown) => ({ refusal }),
    );
  } catch (error) {
    if (error instanceof RoomfulError && error.retryable) {
      held.set(room, error);
    }
    throw error;
  }
}

function startEvent(
  command: Exclude<Command, { command: "message" }>,
  key: string | undefined,
  { namespace }: ApiCall,
  keyedOf: (key: string) => KeyedCall,
): Started {
  const keyed = key === undefined ? undefined : keyedOf(key);
  if (keyed && "refusal" in keyed) {
    throw keyed.refusal;
  }
  if (keyed?.isReplayed) {
    return { outcome: Promise.resolve({ answer: ACCEPTED, isReplayed: true }) };
  }
  const { event, data, volatile: isVolatile } = command.body;
  const except = "except" in command.body ? command.body.except : undefined;
  namespace.emit(targetOf(command), { event, data, except, isVolatile });
  return {
    outcome: Promise.resolve({ answer: ACCEPTED, isReplayed: false }),
    ...(key !== undefined && keyed && { done: { key, lease: keyed.lease } }),
  };
}

function targetOf(command: Exclude<Command, { command: "message" }>) {
  if (command.command === "user_event") {
    return { userId: command.userId };
  }
  // The schema refuses an empty list.
  return { rooms: (command.command === "broadcast" ? command.body.rooms : [command.room]) as [string, ...string[]] };
}

/** Notes what was done, in one statement: the events of one batch have one lease. */
async function finishEvents(started: readonly Started[], { caller }: ApiCall, sources: ApiSources): Promise<void> {
  const done = started.flatMap((each) => each.done ?? []);
  const [first] = done;
  if (first) {
    // They have left, whether this is noted or not: until the lease ends, a repeat is told to wait.
    await sources.idempotency
      .finish(
        caller.name,
        first.lease,
        done.map(({ key }) => ({ key, answer: ACCEPTED })),
      )
      .catch(sources.onError);
  }
}
