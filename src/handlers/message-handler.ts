import { uuidv7 } from "uuidv7";

import type { RoomEmitter } from "../broadcast/room-emitter";
import type { StoredAnnouncer } from "../broadcast/stored-announcer";
import type { MessageAccepted } from "../contract/events";
import { socketRoomOf } from "../contract/names";
import type { Payload } from "../contract/payload-schemas";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";
import type { Clock } from "../lifecycle/clock";
import type { AppendResult } from "../repositories/message-repository";
import type { Delivery } from "../room-log/room-log";
import type { RoomLogs } from "../room-log/room-logs";
import type { Admission, WriteBuffer } from "../write-buffer/write-buffer";
import { type AdmittedMessage, admittedMessageOf, liveMessageOf } from "./admitted-message";
import { SendGate } from "./send-gate";
import type { EventHandler } from "./to-listener";

export interface MessageHandlerDeps {
  namespace: string;
  writeBuffer: Pick<WriteBuffer<AdmittedMessage, AppendResult>, "find" | "admit">;
  emitter: Pick<RoomEmitter, "emit">;
  announcer: Pick<StoredAnnouncer, "take">;
  logs: Pick<RoomLogs, "find">;
  /** Milliseconds to wait when the user sends too often. */
  takeFromRate(userId: string): number | undefined;
  defaultDelivery: Delivery;
  maxUnansweredSends: number;
  clock: Clock;
}

/**
 * Admits one message, shows it to its room at once, and answers when it is stored.
 *
 * The delivery contract stands in README and docs; the lines below are its steps 1, 2, 3 and 5.
 */
export function createMessageHandler(deps: MessageHandlerDeps): EventHandler<Payload<"message">, MessageAccepted> {
  const { namespace, writeBuffer, emitter, announcer, logs, takeFromRate, clock } = deps;
  const gates = new WeakMap<RoomfulSocket, SendGate>();

  function gateOf(socket: RoomfulSocket): SendGate {
    let gate = gates.get(socket);
    if (!gate) {
      gate = new SendGate(deps.maxUnansweredSends, clock);
      gates.set(socket, gate);
    }
    return gate;
  }

  function deliveryIn(room: string): Delivery {
    const log = logs.find(namespace, room);
    if (log && !log.isLoaded && log.isLoading) {
      // Its row, which may say strict, is being read: after the commit is right for both.
      return "strict";
    }
    return log?.delivery ?? deps.defaultDelivery;
  }

  /** Throws what keeps a message that is not known yet from being admitted now. */
  function admitNew(message: AdmittedMessage, givenId: string | undefined, gate: SendGate): Admission<AppendResult> {
    const { room, userId } = message;
    gate.check(room, givenId);
    try {
      gate.checkUnanswered();
      const waitMs = takeFromRate(userId);
      if (waitMs !== undefined) {
        throw new RoomfulError("RATE_LIMITED", { retryAfterMs: waitMs });
      }
      message.isShown = deliveryIn(room) === "fast";
      // Buffer first: if it refuses, nobody has seen a message that will never be stored.
      const admission = writeBuffer.admit(message);
      if (message.isShown) {
        const tip = logs.find(namespace, room)?.tip ?? 0;
        emitter.emit(room, "message", liveMessageOf(message, tip, announcer.take(room)));
      }
      return admission;
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

    const known = writeBuffer.find(message);
    if (known) {
      gate.settle(message.room, id);
    }
    const admission = known ?? admitNew(message, payload.id, gate);
    const stored = await gate.whileUnanswered(() => admission.stored);
    return {
      id,
      seq: stored.seq,
      createdAt: stored.createdAt.toISOString(),
      duplicate: admission.isDuplicate || stored.status === "duplicate",
    };
  };
}
