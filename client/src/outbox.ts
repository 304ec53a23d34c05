import type { Ack } from "../../src/contract/acknowledgement";
import type { MessageAccepted } from "../../src/contract/events";
import type { Clock, Timer } from "./clock";
import { type ClientErrorReply, RoomfulClientError } from "./roomful-client-error";
import type { SendOptions, SendResult } from "./types";

/** The payload of `message`, with the id that makes a repeat harmless. */
export interface Outgoing extends SendOptions {
  room: string;
  id: string;
  content: string;
}

interface Send {
  message: Outgoing;
  isInFlight: boolean;
  /** Tries so far. */
  attempt: number;
  /** Tries that nobody has answered: each may have stored it. */
  unanswered: number;
  timer?: Timer;
  resolve(result: SendResult): void;
  reject(error: RoomfulClientError): void;
}

interface Queue {
  /** In the order in which they were written. */
  sends: Send[];
  inFlight: number;
  /** The room is joined. */
  isOpen: boolean;
  /** Set after a retryable refusal: nothing is sent until it fires. */
  hold?: Timer | undefined;
}

export interface OutboxOptions {
  clock: Clock;
  random(): number;
  /** Sends once. `onReply` may be called late, or never. */
  transmit(message: Outgoing, onReply: (reply: Ack<MessageAccepted>) => void): void;
  onStored(message: Outgoing, result: SendResult): void;
  onFailed(message: Outgoing, error: RoomfulClientError): void;
  /** The server says that this client is not in the room: join it again, then `open`. */
  onNotInRoom(room: string): void;
}

/** Well below the 64 of the server. */
const MAX_IN_FLIGHT = 16;
/** A call without an answer is repeated after this. */
const ANSWER_TIMEOUT_MS = 20_000;
const DEFAULT_RETRY_MS = 500;

export type Outbox = ReturnType<typeof createOutbox>;

/**
 * Messages that were written and are not answered. Each is sent, under the same id, until it is stored or refused for good,
 * over any number of connections; those of one room in the order in which they were written.
 *
 * Order rests on two things. The server takes a socket's packets in order, and after a retryable refusal it refuses
 * what follows in the room until the refused message comes again. And here a message is not sent while one that was
 * written after it is in flight: that one will be refused too, and must come after it again.
 */
export function createOutbox({ clock, random, transmit, onStored, onFailed, onNotInRoom }: OutboxOptions) {
  const queues = new Map<string, Queue>();
  let inFlight = 0;

  function queueOf(room: string): Queue {
    let queue = queues.get(room);
    if (!queue) {
      queue = { sends: [], inFlight: 0, isOpen: false };
      queues.set(room, queue);
    }
    return queue;
  }

  /** One of each room in turn, so that a long queue keeps no other waiting. */
  function pump(): void {
    for (const [room, queue] of queues) {
      const next = queue.isOpen && !queue.hold && inFlight < MAX_IN_FLIGHT && nextOf(queue);
      if (next) {
        // To the end, where this loop comes to it again.
        queues.delete(room);
        queues.set(room, queue);
        send(queue, next);
      }
    }
  }

  function send(queue: Queue, each: Send): void {
    each.attempt += 1;
    each.unanswered += 1;
    each.isInFlight = true;
    queue.inFlight += 1;
    inFlight += 1;
    each.timer = clock.setTimer(() => {
      land(queue, each);
      pump();
    }, ANSWER_TIMEOUT_MS);
    const { attempt } = each;
    let isAnswered = false;
    transmit(each.message, (reply) => {
      if (!isAnswered && queue.sends.includes(each)) {
        isAnswered = true;
        // Refused or stored: this try holds no secret any more.
        each.unanswered -= 1;
        receive(queue, each, reply, attempt === each.attempt && each.isInFlight);
        pump();
      }
    });
  }

  function receive(queue: Queue, each: Send, reply: Ack<MessageAccepted>, isLast: boolean): void {
    const { message } = each;
    if (reply.ok) {
      const { duplicate: _, ...result } = reply.data;
      take(queue, each);
      onStored(message, result);
      each.resolve(result);
    } else if (isLast) {
      const { error } = reply;
      land(queue, each);
      if (error.code === "NOT_IN_ROOM") {
        queue.isOpen = false;
        onNotInRoom(message.room);
      } else if (error.retryable) {
        hold(queue, error.retryAfterMs);
      } else {
        fail(queue, each, error);
      }
    }
  }

  function hold(queue: Queue, retryAfterMs = DEFAULT_RETRY_MS): void {
    queue.hold ??= clock.setTimer(
      () => {
        queue.hold = undefined;
        pump();
      },
      // Not all senders of a room at the same moment.
      retryAfterMs * (1 + random() / 2),
    );
  }

  function fail(queue: Queue, each: Send, reply: ClientErrorReply): void {
    const error = new RoomfulClientError(reply, each.unanswered > 0);
    take(queue, each);
    onFailed(each.message, error);
    each.reject(error);
  }

  function take(queue: Queue, each: Send): void {
    land(queue, each);
    queue.sends.splice(queue.sends.indexOf(each), 1);
  }

  function land(queue: Queue, each: Send): void {
    if (each.isInFlight) {
      each.isInFlight = false;
      queue.inFlight -= 1;
      inFlight -= 1;
    }
    each.timer?.clear();
  }

  return {
    messages: (): Outgoing[] => [...queues.values()].flatMap(({ sends }) => sends.map(({ message }) => message)),

    /** `isOld`: written before everything else in its room. */
    add(message: Outgoing, isOld = false): Promise<SendResult> {
      const queue = queueOf(message.room);
      const sent = new Promise<SendResult>((resolve, reject) => {
        const each: Send = { message, resolve, reject, isInFlight: false, attempt: 0, unanswered: 0 };
        queue.sends.splice(isOld ? 0 : queue.sends.length, 0, each);
      });
      sent.catch(() => {
        // Seen in the room's list by those who do not wait for it here.
      });
      pump();
      return sent;
    },

    /** The room is joined: what waits may go. */
    open(room: string): void {
      queueOf(room).isOpen = true;
      pump();
    },

    /** The connection is lost: what was in flight has an unknown fate, and is sent again over the next one. */
    close(): void {
      for (const queue of queues.values()) {
        queue.isOpen = false;
        queue.hold?.clear();
        queue.hold = undefined;
        for (const each of queue.sends) {
          land(queue, each);
        }
      }
    },

    /** Gives up on everything in a room. */
    reject(room: string, reply: ClientErrorReply): void {
      const queue = queueOf(room);
      queue.isOpen = false;
      for (const each of [...queue.sends]) {
        fail(queue, each, reply);
      }
    },
  };
}

/** The first that is not in flight, unless one that was written after it is. */
function nextOf({ sends, inFlight }: Queue): Send | undefined {
  const index = sends.findIndex(({ isInFlight }) => !isInFlight);
  return index === inFlight ? sends[index] : undefined;
}
