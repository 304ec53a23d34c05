import type { DisconnectMemory } from "./broadcast/disconnect-memory";
import { type EngineConnection, endNow } from "./broadcast/engine-connection";
import { RoomfulError } from "./contract/roomful-error";
import type { RoomfulSocket } from "./contract/socket-data";
import type { TrafficLimit } from "./middleware/traffic-budgets";

export interface ConnectionCutsOptions {
  disconnects: Pick<DisconnectMemory, "remember">;
  /** Those that have joined a namespace on the connection. */
  socketsOn(connection: RoomfulSocket["conn"]): RoomfulSocket[];
  onFlood(limit: FloodLimit): void;
}

/** What a connection sent too much of. */
export type FloodLimit = "controlFrames" | TrafficLimit;

const FLOODING_RETRY_MS = 5_000;

/** Ends sockets and connections so that their users hear why: at once where they can still be told, else in the next `welcome`. */
export class ConnectionCuts {
  constructor(private readonly options: ConnectionCutsOptions) {}

  /** Ends a socket that can still be told why. */
  endSocket(socket: RoomfulSocket, error: RoomfulError): void {
    this.options.disconnects.remember(socket.id, socket.data.claims.userId, error.toReply());
    socket.emit("closing", error.toReply());
    socket.disconnect();
  }

  /** For everybody on a connection that nothing can be sent to any more, and that is about to be ended. */
  rememberSlow(connection: EngineConnection, limit: string): void {
    const reply = new RoomfulError("SLOW_CONSUMER", { retryAfterMs: 0, details: { limit } }).toReply();
    for (const socket of this.socketsOn(connection)) {
      this.options.disconnects.remember(socket.id, socket.data.claims.userId, reply);
    }
  }

  /** Ends a connection that sends too much, in this moment: what it has sent and was not looked at is not looked at any more. */
  endFlood(connection: EngineConnection, limit: FloodLimit): void {
    this.options.onFlood(limit);
    const reply = new RoomfulError("FLOODING", { retryAfterMs: FLOODING_RETRY_MS, details: { limit } }).toReply();
    for (const socket of this.socketsOn(connection)) {
      this.options.disconnects.remember(socket.id, socket.data.claims.userId, reply);
      // It arrives if the connection has nothing unread: the next `welcome` says it for certain.
      socket.emit("closing", reply);
    }
    endNow(connection);
  }

  private socketsOn(connection: EngineConnection): RoomfulSocket[] {
    // Engine.IO's own connection, under the type of Socket.IO's.
    return this.options.socketsOn(connection as unknown as RoomfulSocket["conn"]);
  }
}
