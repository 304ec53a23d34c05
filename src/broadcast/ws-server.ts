import { type ServerOptions, WebSocketServer } from "ws";

/** ws as Engine.IO makes it, with bounds that Engine.IO has no options for. */
export class BoundedWebSocketServer extends WebSocketServer {
  constructor(options: ServerOptions) {
    const bounds = {
      // A peer that never answers a close frame would hold its memory for 30 s.
      closeTimeout: 1_000,
      // A frame in 16,384 pieces is no client of ours.
      maxFragments: 64,
      maxBufferedChunks: 256,
    };
    super({ ...options, ...bounds });
  }
}
