import type { Server as HttpServer, IncomingMessage } from "node:http";
import { Server, type ServerOptions } from "socket.io";

import { connectionOver, type EngineConnection } from "./broadcast/engine-connection";
import { createWebSocketEngine } from "./broadcast/ws-server";
import type { RoomfulConfig } from "./config/config";
import type { RoomfulServer } from "./contract/socket-data";
import { refuseTransport } from "./http/refuse-transport";
import type { Clock } from "./lifecycle/clock";
import { createHostCheck } from "./middleware/check-host";
import { corsOf, createOriginCheck } from "./middleware/check-origin";

export interface SocketServerOptions {
  config: Pick<RoomfulConfig, "mode" | "transports" | "http" | "connections" | "limits">;
  adapter: NonNullable<ServerOptions["adapter"]>;
  clock: Clock;
  /** New connections are refused. */
  isDraining(): boolean;
  /** The code with which a request is refused for its address; undefined: it may become a connection. */
  refusalOf(request: IncomingMessage): string | undefined;
  /** More pings came on the connection than may. */
  onControlFlood(connection: EngineConnection): void;
}

/** Socket.IO on the service's own port, with its limits, and with nothing in it yet. */
export function createSocketServer(http: HttpServer, options: SocketServerOptions): RoomfulServer {
  const { config, adapter, clock, isDraining, refusalOf, onControlFlood } = options;
  const { mode, connections, limits } = config;
  const { allowedOrigins, allowCredentials, basePath = "" } = config.http;
  const isAllowedOrigin = createOriginCheck({ allowedOrigins, mode });
  const isAllowedHost = createHostCheck(config);
  const io: RoomfulServer = new Server(http, {
    adapter,
    path: `${basePath}/socket.io`,
    transports: [...config.transports],
    serveClient: mode !== "production",
    cors: { ...corsOf({ allowedOrigins, mode }), credentials: allowCredentials },
    allowRequest: (request, callback) => {
      if (isDraining()) {
        // Below Socket.IO: after a refusal by a namespace a client does not try again by itself.
        callback("DRAINING", false);
        return;
      }
      if (!isAllowedHost(request)) {
        callback("HOST_REFUSED", false);
        return;
      }
      if (!isAllowedOrigin(request)) {
        callback("ORIGIN_REFUSED", false);
        return;
      }
      const refusal = refusalOf(request);
      callback(refusal ?? null, refusal === undefined);
    },
    pingInterval: connections.pingIntervalMs,
    pingTimeout: connections.pingTimeoutMs,
    maxHttpBufferSize: limits.maxFrameBytes,
    // Ours comes first, and says why.
    connectTimeout: connections.handshakeTimeoutMs + 1_000,
    cleanupEmptyChildNamespaces: true,
    wsEngine: createWebSocketEngine({
      ...{ config: connections, clock },
      onFlood(webSocket) {
        const connection = connectionOver(webSocket, connectionsById(io));
        if (connection) {
          onControlFlood(connection);
        }
        // Also where it is no connection's yet.
        webSocket.terminate();
      },
    }),
  });
  io.engine.use(refuseTransport(config.transports));
  return io;
}

export function connectionsOf(io: RoomfulServer): EngineConnection[] {
  return Object.values(connectionsById(io));
}

/** Engine.IO's types call them clients. */
function connectionsById(io: RoomfulServer): Readonly<Record<string, EngineConnection>> {
  const { clients } = io.engine as unknown as { clients: Record<string, EngineConnection> };
  return clients;
}
