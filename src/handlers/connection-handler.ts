import type { RoomState, Welcome } from "../contract/events";
import { socketRoomOfUser } from "../contract/names";
import type { Payload } from "../contract/payload-schemas";
import { type ErrorReply, RoomfulError, toErrorReply } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";
import type { TokenExpiry } from "../middleware/token-expiry";
import type { EventHandler } from "./to-listener";

export interface ConnectionHandlerDeps {
  expiry: Pick<TokenExpiry, "watch">;
  /** Why the server cut a socket of this user, if it did a moment ago. */
  recallDisconnect(socketId: string, userId: string): Promise<ErrorReply | undefined>;
  join: EventHandler<Payload<"join">, RoomState>;
  /** Milliseconds to wait when the user joins too often. */
  takeFromRate(userId: string): number | undefined;
  now(): number;
  onError(error: unknown): void;
}

/** Rooms named in the handshake are joined with the page size of a `join` that says none. */
const HANDSHAKE_PAGE_SIZE = 50;

/** Greets a new socket and puts it into the rooms that its handshake named. */
export function createConnectionHandler(deps: ConnectionHandlerDeps) {
  const { expiry, recallDisconnect, join, takeFromRate, now, onError } = deps;

  return function handleConnection(socket: RoomfulSocket): void {
    const { claims, auth } = socket.data;
    void socket.join(socketRoomOfUser(claims.userId));
    expiry.watch(socket);
    if (auth.lastSocketId === undefined) {
      greet(socket, undefined);
      return;
    }
    recallDisconnect(auth.lastSocketId, claims.userId).then(
      (lastDisconnect) => greet(socket, lastDisconnect),
      (error: unknown) => {
        onError(error);
        greet(socket, undefined);
      },
    );
  };

  function greet(socket: RoomfulSocket, lastDisconnect: ErrorReply | undefined): void {
    const { claims, auth } = socket.data;
    const { userId, username, color } = claims;
    const welcome: Welcome = {
      socketId: socket.id,
      ...{ userId, username, color },
      tokenExpiresAt: new Date(claims.expiresAt).toISOString(),
      serverTime: new Date(now()).toISOString(),
      ...(lastDisconnect && { lastDisconnect }),
    };
    socket.emit("welcome", welcome);
    for (const wish of auth.rooms) {
      void announceJoin(socket, { ...wish, limit: HANDSHAKE_PAGE_SIZE });
    }
  }

  async function announceJoin(socket: RoomfulSocket, payload: Payload<"join">): Promise<void> {
    if (!socket.connected) {
      // It went while its past was looked up: what enters now is never taken out.
      return;
    }
    try {
      // As any other join: each costs its room and its reader as much.
      const waitMs = takeFromRate(socket.data.claims.userId);
      if (waitMs !== undefined) {
        throw new RoomfulError("RATE_LIMITED", { retryAfterMs: waitMs });
      }
      socket.emit("room_state", await join(payload, socket));
    } catch (error) {
      onError(error);
      socket.emit("room_state", { room: payload.room, error: toErrorReply(error) });
    }
  }
}
