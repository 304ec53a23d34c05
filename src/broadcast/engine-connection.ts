import type { EventEmitter } from "node:events";

/**
 * What is used of Engine.IO's connection and transport (engine.io 6.6) beyond Socket.IO's own interface.
 * Typed here, in one place: their types call most of it private.
 */
export interface EngineConnection extends EventEmitter {
  readonly id: string;
  readonly readyState: string;
  readonly transport: EngineTransport;
  /** Packets that wait for the batch before them. */
  readonly writeBuffer: readonly unknown[];
  /** Sends one packet, as text. */
  write(data: string): unknown;
  close(discard?: boolean): unknown;
}

export interface EngineTransport extends EventEmitter {
  readonly name: string;
  /** The WebSocket, where it is one. */
  readonly socket?: { terminate(): void };
  /** Polling: ends an orderly close that waits for the client's next request. */
  readonly shouldClose?: (() => void) | null;
}

/** A packet on its way out. */
export interface EnginePacket {
  data?: string | Buffer;
  options?: { wsPreEncodedFrame?: readonly Buffer[] };
}

/** Bytes of a packet on a websocket, nearly: the frame's header and the packet's type are a few more. */
export function bytesOfPacket({ data, options }: EnginePacket): number {
  if (options?.wsPreEncodedFrame) {
    return options.wsPreEncodedFrame.reduce((sum, { length }) => sum + length, 0);
  }
  return 2 + (data === undefined ? 0 : Buffer.byteLength(data));
}

/**
 * Ends a connection at once. Any of the polite ways keeps what was not sent: `disconnect(true)` for 75 s,
 * `close()` of a websocket for 30 s.
 */
export function terminate(connection: EngineConnection): void {
  const { transport } = connection;
  if (transport.name === "websocket" && transport.socket) {
    transport.socket.terminate();
  } else {
    connection.close(true);
    // A close that began in order before this one is not ended by it, and its timer would run for 30 s.
    transport.shouldClose?.();
  }
}
