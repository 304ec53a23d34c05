import { type Ack, acknowledge } from "../contract/acknowledgement";
import { toErrorReply } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";

/** Handles one event of one socket; what it returns is the acknowledgement. */
export type EventHandler<Payload, Data = null> = (payload: Payload, socket: RoomfulSocket) => Promise<Data> | Data;

/**
 * Turns a handler into the listener given to `socket.on()`, of any socket: one function for all of them, since each would
 * hold memory as long as its socket.
 *
 * Socket.IO does not catch what a listener throws, so this is the one place where
 * a handler's error is reported and turned into an acknowledgement.
 */
export function toListener<Payload, Data>(
  handler: EventHandler<Payload, Data>,
  onAnswered: (error: unknown, seconds: number) => void,
) {
  return function listen(this: RoomfulSocket, ...args: unknown[]): Promise<void> {
    const startedAtMs = performance.now();
    let pending: Promise<Data> | Data;
    try {
      // validatePacket has put the payload that its schema made in the first place.
      pending = handler(args[0] as Payload, this);
    } catch (error) {
      pending = Promise.reject(error);
    }
    const answer = args.at(-1);
    return answerWith(pending, typeof answer === "function" ? answer : undefined, startedAtMs);
  };

  /** Apart from `listen`, so that what waits for its answer holds no payload: there can be many, and for as long as Postgres is away. */
  async function answerWith(pending: Promise<Data> | Data, answer: unknown, startedAtMs: number): Promise<void> {
    let reply: Ack<Data>;
    let failure: unknown;
    try {
      reply = { ok: true, data: await pending };
    } catch (error) {
      failure = error;
      reply = { ok: false, error: toErrorReply(error) };
    }
    onAnswered(failure, (performance.now() - startedAtMs) / 1000);
    acknowledge([answer], reply);
  }
}
