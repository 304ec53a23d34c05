import { uuidv7 } from "uuidv7";

import type { MessageAccepted } from "../contract/events";
import { socketRoomOf } from "../contract/names";
import type { Payload } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";
import type { Clock } from "../lifecycle/clock";
import type { AppendResult } from "../repositories/message-repository";
import type { Delivery } from "../room-log/room-log";
import type { Admission } from "../write-buffer/write-buffer";
import { type AdmittedMessage, admittedMessageOf, saidBytesOf } from "./admitted-message";
import { acceptedOf, type MessageAdmission } from "./message-admission";
import { SendGate } from "./send-gate";
import type { EventHandler } from "./to-listener";

export interface MessageHandlerDeps {
  namespace: string;
  admission: MessageAdmission;
  /** Milliseconds to wait when the user sends too often, or too much. */
  takeFromRate(userId: string, bytes: number): number | undefined;
  defaultDelivery: Delivery;
  maxUnansweredSends: number;
  clock: Clock;
}

/**
 * Admits one message, shows it to its room at once, and answers when it is stored.
 *
 * The delivery contract stands in README and docs; the lines below are its steps 1 and 5.
 */
export function createMessageHandler(deps: MessageHandlerDeps): EventHandler<Payload<"message">, MessageAccepted> {
  const { namespace, admission, takeFromRate, clock } = deps;
  const gates = new WeakMap<RoomfulSocket, SendGate>();

  function gateOf(socket: RoomfulSocket): SendGate {
    let gate = gates.get(socket);
    if (!gate) {
      gate = new SendGate(deps.maxUnansweredSends, clock);
      gates.set(socket, gate);
    }
    return gate;
  }

  /** Throws what keeps a message that is not known yet from being admitted now. */
  function admitNew(message: AdmittedMessage, givenId: string | undefined, gate: SendGate): Admission<AppendResult> {
    const { room, userId } = message;
    gate.check(room, givenId);
    try {
      gate.checkUnanswered();
      const waitMs = takeFromRate(userId, saidBytesOf(message));
      if (waitMs !== undefined) {
        throw new RoomfulError("RATE_LIMITED", { retryAfterMs: waitMs });
      }
      return admission.admit(message, deps.defaultDelivery);
    } catch (error) {
      if (error instanceof RoomfulError && error.retryable) {
        gate.hold(room, givenId, error);
      }
      throw error;
    }
  }

  return async function handleMessage(payload, socket) {
    const { claims } = socket.data;
    if (!claims.maySend) {
      throw new RoomfulError("SEND_FORBIDDEN");
    }
    if (!socket.rooms.has(socketRoomOf(payload.room))) {
      throw new RoomfulError("NOT_IN_ROOM");
    }
    const id = payload.id ?? uuidv7();
    const message = admittedMessageOf(namespace, { ...payload, id }, claims, new Date(clock.now()));
    const gate = gateOf(socket);

    const known = admission.find(message);
    if (known) {
      gate.settle(message.room, id);
      // Whatever the rates say; but each repeat waits for the answer, and a client that never waits could send any number.
      gate.checkUnanswered();
    }
    const admitted = known ?? admitNew(message, payload.id, gate);
    return gate.whileUnanswered(acceptedOf(id, admitted));
  };
}
