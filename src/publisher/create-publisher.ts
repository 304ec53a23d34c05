import { uuidv7 } from "uuidv7";
import type { z } from "zod";

import type { CommandResult } from "../contract/api-batch";
import type { createPublishBodies } from "../contract/api-fields";
import type { MessageAccepted } from "../contract/events";
import { pause, postRetrying, type RequestOptions } from "./retrying-request";

type Bodies = ReturnType<typeof createPublishBodies>;
/** What a caller writes: defaults may be left out. */
type Body<Of extends keyof Bodies> = z.input<Bodies[Of]>;

export interface PublisherOptions {
  /** Address of the service: `https://rooms.example.com`. */
  url: string;
  /** A key with the scope `publish`. */
  apiKey: string;
  /** @default "/" */
  namespace?: string;
  /**
   * Attempts in all, while a call is refused with a code that is retryable, or has no answer.
   * @default 5
   */
  maxAttempts?: number;
  /**
   * An attempt without an answer is given up after this.
   * @default 10_000
   */
  timeoutMs?: number;
  /** @default Math.random */
  random?: () => number;
}

export interface CallOptions {
  /** Ends the call, and the waiting between attempts; it rejects with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Calls with one key are one, over restarts of the caller too: for a message as long as it is stored, for an event 24 h.
   * null: none. An event is then emitted without asking Postgres, and may be emitted again by another attempt.
   * @default a new one for each call, so that attempts are one call
   */
  idempotencyKey?: string | null;
}

export interface EmitOptions extends CallOptions {
  /** Ids of users and of sockets that do not get it. */
  except?: string[];
  /** A socket that cannot be written to right now misses it. */
  volatile?: boolean;
}

export type PublishedMessage = Body<"message">;

/** One command of a batch. */
export type PublisherCommand =
  | { command: "message"; room: string; body: PublishedMessage }
  | { command: "room_event"; room: string; body: Body<"roomEvent"> }
  | { command: "user_event"; userId: string; body: Body<"userEvent"> }
  | { command: "broadcast"; body: Body<"broadcast"> };

/**
 * Publishes over the HTTP API. Every call is tried again by itself, as the same call, and rejects with a RoomfulError that
 * has the code. A retryable one, `UNAVAILABLE` among them, means: not known whether it was done; call again with the same
 * `id` or `idempotencyKey`.
 */
export interface Publisher {
  /** Publishes a message of a user; resolves when it is stored. */
  publish(room: string, message: PublishedMessage, options?: CallOptions): Promise<MessageAccepted>;
  /** Emits an event to everybody in the room. It is not stored. */
  emit(room: string, event: string, data: Body<"roomEvent">["data"], options?: EmitOptions): Promise<void>;
  /** Emits an event to all sockets of a user. */
  emitToUser(
    userId: string,
    event: string,
    data: Body<"userEvent">["data"],
    options?: Omit<EmitOptions, "except">,
  ): Promise<void>;
  /** Emits an event to everybody in the rooms, to each once. */
  broadcast(rooms: string[], event: string, data: Body<"broadcast">["data"], options?: EmitOptions): Promise<void>;
  /**
   * Does up to 1,000 commands, in order; one result for each, in order. What is refused with a code that is retryable is
   * tried again. Where a message has an `id`, the batch has no key: the other messages get ids too, and an event in it may be
   * emitted again when an attempt has no answer.
   */
  batch(commands: readonly PublisherCommand[], options?: CallOptions): Promise<CommandResult[]>;
}

/** Makes a client of the HTTP API. It holds no connection and needs no closing. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { namespace = "/", maxAttempts = 5, timeoutMs = 10_000, random = Math.random, apiKey } = options;
  // An address may have a path of its own, behind a proxy.
  const url = new URL(options.url.replace(/\/*$/, "/"));
  const request: RequestOptions = { url, apiKey, maxAttempts, timeoutMs, random };
  const query = namespace === "/" ? "" : `?namespace=${encodeURIComponent(namespace)}`;

  function post(path: string, body: object, key: string | undefined, signal: AbortSignal | undefined) {
    return postRetrying(request, { path: `v1/${path}${query}`, body, idempotencyKey: key, signal });
  }

  async function postEvent(
    path: string,
    event: object,
    { signal, idempotencyKey, ...rest }: EmitOptions,
  ): Promise<void> {
    await post(path, { ...event, ...rest }, keyOr(uuidv7(), idempotencyKey), signal);
  }

  return {
    async publish(room, message, { signal, idempotencyKey } = {}) {
      // Without a key, the id is what makes attempts one message.
      const body = idempotencyKey == null ? { ...message, id: message.id ?? uuidv7() } : message;
      const path = `rooms/${encodeURIComponent(room)}/messages`;
      // The answer is the service's own.
      return (await post(path, body, idempotencyKey ?? undefined, signal)) as MessageAccepted;
    },
    emit: (room, event, data, emitOptions = {}) =>
      postEvent(`rooms/${encodeURIComponent(room)}/events`, { event, data }, emitOptions),
    emitToUser: (userId, event, data, emitOptions = {}) =>
      postEvent(`users/${encodeURIComponent(userId)}/events`, { event, data }, emitOptions),
    broadcast: (rooms, event, data, emitOptions = {}) => postEvent("broadcast", { event, data, rooms }, emitOptions),

    async batch(commands, { signal, idempotencyKey } = {}) {
      const hasIds = commands.some(({ command, body }) => command === "message" && body.id !== undefined);
      const key = keyOr(hasIds ? undefined : uuidv7(), idempotencyKey);
      // Without a key, the ids are what makes attempts one message.
      const given = key === undefined ? commands.map(withId) : commands;
      const results: CommandResult[] = [];
      let open = [...commands.keys()];
      for (let attempt = 1; ; attempt += 1) {
        // A key stands for the commands with their places: all are sent again, and what was done is answered so.
        const sent = key === undefined ? open : [...commands.keys()];
        const answer = await post("batch", { commands: sent.map((index) => given[index]) }, key, signal);
        (answer as { results: CommandResult[] }).results.forEach((result, place) => {
          results[sent[place] as number] = result;
        });
        open = sent.filter((index) => mayPass(results[index]));
        if (open.length === 0 || attempt >= maxAttempts) {
          return results;
        }
        await pause(attempt, longestWait(open.map((index) => results[index])), random, signal);
      }
    },
  };
}

function withId(command: PublisherCommand): PublisherCommand {
  return command.command === "message"
    ? { ...command, body: { ...command.body, id: command.body.id ?? uuidv7() } }
    : command;
}

/** The given key; none where null was given. */
function keyOr(made: string | undefined, given: string | null | undefined): string | undefined {
  return given === undefined ? made : (given ?? undefined);
}

function mayPass(result: CommandResult | undefined): boolean {
  return result !== undefined && !result.ok && result.error.retryable;
}

function longestWait(results: readonly (CommandResult | undefined)[]): number | undefined {
  const waits = results.flatMap((result) => (result && !result.ok ? [result.error.retryAfterMs ?? 0] : []));
  return waits.length > 0 ? Math.max(...waits) : undefined;
}
