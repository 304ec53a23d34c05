import type { ServerEvent, ServerPayload, ServerToClientEvents } from "../contract/events";
import type { JsonValue } from "../contract/json-value";
import { socketRoomOf, socketRoomOfUser } from "../contract/names";
import type { RoomfulNamespace } from "../contract/socket-data";

/** Who gets an event of another program. */
export type EventTarget = { rooms: readonly [string, ...string[]] } | { userId: string };

export interface CustomEvent {
  event: string;
  data: JsonValue;
  /** Ids of users and of sockets that do not get it. */
  except?: readonly string[] | undefined;
  /** A socket that cannot be written to right now misses it. */
  isVolatile: boolean;
}

/** What Socket.IO's ids look like. No room of ours does: they hold a colon. */
const SOCKET_ID_PATTERN = /^[A-Za-z0-9_-]{20}$/;

export interface EmitOptions {
  /** No socket of this user gets it. */
  exceptUser?: string;
  /** A socket that cannot be written to right now misses the event. */
  isVolatile?: boolean;
  /** To this node's sockets only. */
  isLocal?: boolean;
}

/** Sends events to rooms. The only code that emits to more than one socket. */
export class RoomEmitter {
  constructor(private readonly namespace: RoomfulNamespace) {}

  /** To every socket in the room. */
  emit<Event extends ServerEvent>(
    room: string,
    event: Event,
    payload: ServerPayload<Event>,
    { exceptUser, isVolatile = false, isLocal = false }: EmitOptions = {},
  ): void {
    let target = this.namespace.to(socketRoomOf(room));
    if (exceptUser !== undefined) {
      target = target.except(socketRoomOfUser(exceptUser));
    }
    if (isLocal) {
      target = target.local;
    }
    if (isVolatile) {
      target = target.volatile;
    }
    target.emit(event, ...argumentsOf<Event>(payload));
  }

  /** An event of another program, whose name is none of ours, to everybody who is meant once. */
  emitCustom(target: EventTarget, { event, data, except = [], isVolatile }: CustomEvent): void {
    // Never to no room at all: Socket.IO would take that for everybody.
    const to = "rooms" in target ? target.rooms.map(socketRoomOf) : [socketRoomOfUser(target.userId)];
    const excluded = [...except.map(socketRoomOfUser), ...except.filter((id) => SOCKET_ID_PATTERN.test(id))];
    const meant = this.namespace.to(to).except(excluded);
    // The contract types our own events only.
    const emitting = (isVolatile ? meant.volatile : meant) as unknown as { emit(event: string, data: JsonValue): void };
    emitting.emit(event, data);
  }
}

/** Every server event takes one argument; the type checker cannot see that through the generic name. */
function argumentsOf<Event extends ServerEvent>(
  payload: ServerPayload<Event>,
): Parameters<ServerToClientEvents[Event]> {
  return [payload] as unknown as Parameters<ServerToClientEvents[Event]>;
}
