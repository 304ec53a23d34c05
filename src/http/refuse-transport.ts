import { type IncomingMessage, ServerResponse } from "node:http";

import { RoomfulError } from "../contract/roomful-error";
import { problemOf } from "./problem";

/** A request as Engine.IO has prepared it. */
type EngineRequest = IncomingMessage & { _query?: Record<string, unknown> };

/**
 * Engine.IO middleware: tells who polls where polling is off which transports there are. Engine.IO itself would say that
 * it does not know the transport. A websocket's refusal cannot be read in browsers, and stays as it is.
 */
export function refuseTransport(taken: readonly string[]) {
  const refusal = new RoomfulError("TRANSPORT_REFUSED", { details: { transports: taken } });
  const { status, headers, body } = problemOf(refusal);
  const text = JSON.stringify(body);

  return (request: EngineRequest, response: unknown, next: () => void): void => {
    const isRefused = request._query?.["transport"] === "polling" && !taken.includes("polling");
    // Of an upgrade, it is none.
    if (isRefused && response instanceof ServerResponse) {
      response.writeHead(status, headers).end(text);
    } else {
      next();
    }
  };
}
