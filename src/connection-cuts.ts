import type { DisconnectMemory } from "./broadcast/disconnect-memory";
import { type EngineConnection, endNow } from "./broadcast/engine-connection";
import type { ErrorCode } from "./contract/error-codes";
import { RoomfulError } from "./contract/roomful-error";
import type { RoomfulSocket } from "./contract/socket-data";

export interface ConnectionCutsOptions {
  disconnects: Pick<DisconnectMemory, "remember">;
  /** Those that have joined a namespace on the connection. */
  socketsOn(connection: RoomfulSocket["conn"]): RoomfulSocket[];
  onFlood(limit: FloodLimit): void;
}

/** What a connection sent too much of. */
export type FloodLimit = "controlFrames";

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

  /** For the next `welcome` of everybody on a connection that is about to be ended. */
  remember(connection: EngineConnection, code: ErrorCode, details: { limit: string }, retryAfterMs: number): void {
    const error = new RoomfulError(code, { retryAfterMs, details });
    for (const socket of this.socketsOn(connection)) {
      this.options.disconnects.remember(socket.id, socket.data.claims.userId, error.toReply());
    }
  }

  /** Ends a connection that sends too much, in this moment: what it has sent and was not looked at is not looked at any more. */
  endFlood(connection: EngineConnection, limit: FloodLimit): void {
    this.options.onFlood(limit);
    this.remember(connection, "FLOODING", { limit }, FLOODING_RETRY_MS);
    endNow(connection);
  }

  private socketsOn(connection: EngineConnection): RoomfulSocket[] {
    // Engine.IO's own connection, under the type of Socket.IO's.
    return this.options.socketsOn(connection as unknown as RoomfulSocket["conn"]);
  }
}
