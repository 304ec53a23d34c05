import type { ServerEvent, ServerPayload, ServerToClientEvents } from "../contract/events";
import { socketRoomOf, socketRoomOfUser } from "../contract/names";
import type { RoomfulNamespace } from "../contract/socket-data";

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
}

/** Every server event takes one argument; the type checker cannot see that through the generic name. */
function argumentsOf<Event extends ServerEvent>(
  payload: ServerPayload<Event>,
): Parameters<ServerToClientEvents[Event]> {
  return [payload] as unknown as Parameters<ServerToClientEvents[Event]>;
}
