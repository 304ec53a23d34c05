import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests on one connection that wait for their answers: browsers wait for each, and programs send few ahead. */
const MAX_PIPELINED = 32;

/**
 * Ends connections that do not take their answers, and those that ask for more and more without taking any: what is not taken
 * stands in memory. Counts from the end of an answer, or from its first part where it is a stream; long polls wait as long
 * as they like. Node itself looks at what is read only.
 */
export function limitUnreadAnswers(
  server: Pick<Server, "prependListener">,
  { timeoutMs }: { timeoutMs: number },
): void {
  const waiting = new WeakMap<Socket, number>();

  // Before those who answer: many do so at once.
  server.prependListener("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    const count = (waiting.get(socket) ?? 0) + 1;
    waiting.set(socket, count);
    response.once("close", () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    if (count > MAX_PIPELINED) {
      socket.destroy();
    }
    if (timeoutMs > 0) {
      // The timer of the connection: Node sets its own again for the next request, and destroys what nobody listens for.
      const limit = (): void => void response.setTimeout(timeoutMs);
      response.once("prefinish", limit);
      response.once("pipe", limit);
    }
  });
}
