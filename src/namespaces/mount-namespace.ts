import type { DisconnectReason } from "socket.io";

import type { ClientEventAnswers } from "../contract/events";
import type { ClientEvent, Payload } from "../contract/payload-schemas";
import type { RoomfulNamespace, RoomfulSocket } from "../contract/socket-data";
import { type EventHandler, toListener } from "../handlers/to-listener";
import { checkPackets, type PacketCheck } from "../middleware/check-packets";

type EventHandlers = { [Event in ClientEvent]: EventHandler<Payload<Event>, ClientEventAnswers[Event]> };

export interface NamespaceParts {
  /** Run once for each connection, in order. */
  middleware: Parameters<RoomfulNamespace["use"]>[0][];
  /** Run for each packet, in order. */
  packetChecks: PacketCheck[];
  handlers: EventHandlers;
  onConnection(socket: RoomfulSocket): void;
  onDisconnecting(socket: RoomfulSocket, reason: DisconnectReason): void;
  /** A packet did not pass the checks. */
  onRefused(socket: RoomfulSocket, error: unknown): void;
  /** A packet was answered. A refused one may have any name. */
  onAnswered(event: string, seconds: number, error: unknown): void;
}

/** Mounts one namespace: reading down is the way of a packet. Every event of the namespace is named here. */
export function mountNamespace(namespace: RoomfulNamespace, parts: NamespaceParts): void {
  const { middleware, packetChecks, handlers, onConnection, onDisconnecting, onRefused, onAnswered } = parts;

  for (const each of middleware) {
    namespace.use(each);
  }

  const listeners = {
    join: listenerOf("join"),
    leave: listenerOf("leave"),
    message: listenerOf("message"),
    typing: listenerOf("typing"),
    history: listenerOf("history"),
    presence: listenerOf("presence"),
    rooms: listenerOf("rooms"),
    refresh_token: listenerOf("refresh_token"),
  };

  // Everything in this turn of the event loop: packets that come before a listener are dropped.
  namespace.on("connection", (socket) => {
    checkPackets(socket, packetChecks, (event, error) => {
      onAnswered(event, 0, error);
      onRefused(socket, error);
    });

    socket.on("join", listeners.join);
    socket.on("leave", listeners.leave);
    socket.on("message", listeners.message);
    socket.on("typing", listeners.typing);
    socket.on("history", listeners.history);
    socket.on("presence", listeners.presence);
    socket.on("rooms", listeners.rooms);
    socket.on("refresh_token", listeners.refresh_token);

    socket.on("disconnecting", listenToDisconnecting);
    onConnection(socket);
  });

  function listenerOf<Event extends ClientEvent>(event: Event) {
    return toListener(handlers[event], (error, seconds) => onAnswered(event, seconds, error));
  }

  function listenToDisconnecting(this: RoomfulSocket, reason: DisconnectReason): void {
    onDisconnecting(this, reason);
  }
}
