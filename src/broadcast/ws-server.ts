import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";

import type { Clock } from "../lifecycle/clock";

export interface WebSocketBounds {
  config: { maxControlFramesPerSecond: number };
  clock: Pick<Clock, "monotonicMs">;
  /** More pings and pongs came on it than may. It is to be ended. */
  onFlood(webSocket: WebSocket): void;
}

/** Control frames received in the second that began at `sinceMs`. */
interface Counted {
  sinceMs: number;
  frames: number;
}

const SECOND_MS = 1_000;

/** ws as Engine.IO makes it, with bounds that Engine.IO has no options for. */
export function createWebSocketEngine({ config, clock, onFlood }: WebSocketBounds): typeof WebSocketServer {
  /** Counts of connections that sent a control frame; browsers never do. */
  const counted = new WeakMap<WebSocket, Counted>();

  function mayTake(webSocket: WebSocket): boolean {
    const { maxControlFramesPerSecond } = config;
    // The rest of a chunk is still read after the end.
    if (webSocket.readyState !== webSocket.OPEN) {
      return false;
    }
    if (maxControlFramesPerSecond === 0) {
      return true;
    }
    const nowMs = clock.monotonicMs();
    let current = counted.get(webSocket);
    if (!current || nowMs - current.sinceMs >= SECOND_MS) {
      current = { sinceMs: nowMs, frames: 0 };
      counted.set(webSocket, current);
    }
    current.frames += 1;
    if (current.frames > maxControlFramesPerSecond) {
      onFlood(webSocket);
      return false;
    }
    return true;
  }

  // One function each for all websockets: a closure would hold memory as long as its websocket.
  function answerPing(this: WebSocket, data: Buffer): void {
    if (mayTake(this)) {
      this.pong(data, false, ignoreError);
    }
  }
  function countPong(this: WebSocket): void {
    mayTake(this);
  }

  return class BoundedWebSocketServer extends WebSocketServer {
    constructor(options: ServerOptions) {
      const bounds = {
        // A peer that never answers a close frame would hold its memory for 30 s.
        closeTimeout: 1_000,
        // A frame in 16,384 pieces is no client of ours.
        maxFragments: 64,
        maxBufferedChunks: 256,
        // ws would answer any number of pings, and keep what is not read of the answers.
        autoPong: false,
        // For the sweep: also those that belong to no connection of Engine.IO's yet.
        clientTracking: true,
      };
      super({ ...options, ...bounds });
    }

    override handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      callback: (client: WebSocket, request: IncomingMessage) => void,
    ): void {
      super.handleUpgrade(request, socket, head, (webSocket, upgraded) => {
        webSocket.on("ping", answerPing);
        webSocket.on("pong", countPong);
        callback(webSocket, upgraded);
      });
    }
  } as typeof WebSocketServer;
}

function ignoreError(): void {
  // A pong that cannot be written: the websocket's own error says so.
}
