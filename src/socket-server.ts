import type { Server as HttpServer } from "node:http";
import { Server, type ServerOptions } from "socket.io";

import type { EngineConnection } from "./broadcast/engine-connection";
import { BoundedWebSocketServer } from "./broadcast/ws-server";
import type { RoomfulConfig } from "./config/config";
import type { RoomfulServer } from "./contract/socket-data";
import { createHostCheck } from "./middleware/check-host";
import { corsOf, createOriginCheck } from "./middleware/check-origin";

export interface SocketServerOptions {
  config: Pick<RoomfulConfig, "mode" | "transports" | "http" | "connections" | "limits">;
  adapter: NonNullable<ServerOptions["adapter"]>;
  /** New connections are refused. */
  isDraining(): boolean;
}

/** Socket.IO on the service's own port, with its limits, and with nothing in it yet. */
export function createSocketServer(http: HttpServer, options: SocketServerOptions): RoomfulServer {
  const { config, adapter, isDraining } = options;
  const { mode, connections, limits } = config;
  const { allowedOrigins } = config.http;
  const isAllowedOrigin = createOriginCheck({ allowedOrigins, mode });
  const isAllowedHost = createHostCheck(config);
  return new Server(http, {
    adapter,
    transports: [...config.transports],
    serveClient: mode !== "production",
    cors: corsOf({ allowedOrigins, mode }),
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
      const isAllowed = isAllowedOrigin(request);
      callback(isAllowed ? null : "ORIGIN_REFUSED", isAllowed);
    },
    pingInterval: connections.pingIntervalMs,
    pingTimeout: connections.pingTimeoutMs,
    maxHttpBufferSize: limits.maxFrameBytes,
    // Ours comes first, and says why.
    connectTimeout: connections.handshakeTimeoutMs + 1_000,
    cleanupEmptyChildNamespaces: true,
    wsEngine: BoundedWebSocketServer,
  });
}

/** Engine.IO keeps them by id; its types call them clients. */
export function connectionsOf(io: RoomfulServer): EngineConnection[] {
  const { clients } = io.engine as unknown as { clients: Record<string, EngineConnection> };
  return Object.values(clients);
}
