import type { Ack } from "./acknowledgement";
import type { ClientEventAnswers } from "./events";
import type { ClientEvent, Payload } from "./payload-schemas";

/** What a client may send; payloads are as they are after the schema, so a caller fills in defaults or leaves them out. */
export type ClientToServerEvents = {
  [Event in ClientEvent]: (payload: Payload<Event>, ack?: (reply: Ack<ClientEventAnswers[Event]>) => void) => void;
};
