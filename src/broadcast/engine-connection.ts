import type { EventEmitter } from "node:events";

/**
 * What is used of Engine.IO's connection and transport (engine.io 6.6) and of ws (8.21) beyond Socket.IO's own interface.
 * Typed here, in one place: their types call most of it private. What pacing rests on is looked for before it is used, by
 * `isPaceable`, and a test pins it.
 */
export interface EngineConnection extends EventEmitter {
  readonly id: string;
  readonly readyState: string;
  readonly transport: EngineTransport;
  /** Packets that wait for the batch before them. */
  writeBuffer: EnginePacket[];
  /** What is to be called when they have been written. */
  readonly packetsFn: readonly unknown[];
  /** Sends one packet. What Socket.IO calls for everything that it sends. */
  write(data: string | Buffer, options?: EnginePacket["options"], callback?: () => void): unknown;
  /** Hands the packets that wait to the transport, if it is writable. Called for every packet, and when the transport drains. */
  flush(): void;
  /** `discard`: what waits is not sent any more. */
  close(discard?: boolean): unknown;
}

export interface EngineTransport extends EventEmitter {
  readonly name: string;
  /** A packet can be sent now. Socket.IO drops volatile packets while it is false. */
  writable: boolean;
  /** Compression was negotiated: a frame is made for each recipient. */
  readonly perMessageDeflate?: unknown;
  /** Ends the connection, which is broken. */
  onError(message: string, description: unknown): void;
  /** The WebSocket, where it is one. */
  readonly socket?: EngineWebSocket;
  /** Polling: ends an orderly close that waits for the client's next request. */
  readonly shouldClose?: (() => void) | null;
  /** Polling: what answers the request that waits. Engine.IO gives it up when it has written it, read or not. */
  readonly res?: PollResponse | null;
}

/** An answer to a poll: `close` comes when the kernel has taken all of it, or nobody will. */
export interface PollResponse {
  once(event: "close", listener: () => void): unknown;
  destroy(): unknown;
}

export interface EngineWebSocket {
  terminate(): void;
  readonly readyState: number;
  readonly bufferedAmount: number;
  /** Takes ready frames; Engine.IO gives it those of broadcasts too. */
  readonly _sender: { sendFrame(frame: readonly Buffer[], onTaken: (error?: Error | null) => void): void };
}

/** A packet on its way out. */
export interface EnginePacket {
  type: string;
  data?: string | Buffer;
  options?: {
    /** The frame of a broadcast, made once for all its recipients: one array, shared by them. */
    wsPreEncodedFrame?: readonly Buffer[];
  };
}

/** ws' own number of the state in which it sends. */
const WS_OPEN = 1;

/** Bytes of a packet on a websocket, nearly: the frame's header and the packet's type are a few more. */
export function bytesOfPacket({ data, options }: Pick<EnginePacket, "data" | "options">): number {
  const frame = options?.wsPreEncodedFrame;
  if (frame) {
    let bytes = 0;
    for (const { length } of frame) {
      bytes += length;
    }
    return bytes;
  }
  return 2 + (data === undefined ? 0 : Buffer.byteLength(data));
}

/** The connection has everything that pacing takes over or reads, and its websocket, if it has one. */
export function isPaceable(connection: EngineConnection): boolean {
  const { flush, write, close, writeBuffer, packetsFn, transport } = connection;
  return (
    [flush, write, close].every((each) => typeof each === "function") &&
    [writeBuffer, packetsFn].every(Array.isArray) &&
    typeof transport?.writable === "boolean" &&
    (transport.name !== "websocket" || isJoinable(transport))
  );
}

/** The transport is a websocket with everything that writes in one piece call or read. */
export function isJoinable({ name, onError, socket }: EngineTransport): boolean {
  return (
    name === "websocket" &&
    typeof onError === "function" &&
    typeof socket?.bufferedAmount === "number" &&
    typeof socket.readyState === "number" &&
    typeof socket._sender?.sendFrame === "function"
  );
}

/** Nothing but the bytes of its packets is asked of the next write: no compression, no callback, no close that waits for it. */
export function isWritable({ readyState, transport, packetsFn }: EngineConnection): boolean {
  return (
    readyState === "open" &&
    packetsFn.length === 0 &&
    !transport.perMessageDeflate &&
    transport.socket?.readyState === WS_OPEN
  );
}

/** Writes frames that are ready, in one piece, past Engine.IO and in one system call. `onTaken`: the kernel has them. */
export function writeFrame({ socket }: EngineTransport, piece: Buffer, onTaken: (error?: Error | null) => void): void {
  socket?._sender.sendFrame([piece], onTaken);
}

/** The kernel has taken all that the websocket was given. */
export function hasTakenAll({ socket }: EngineTransport): boolean {
  return socket !== undefined && socket.readyState === WS_OPEN && socket.bufferedAmount === 0;
}

/** The connection that goes over the websocket. Looks at all: for what happens rarely. */
export function connectionOver(
  webSocket: unknown,
  connections: Readonly<Record<string, EngineConnection>>,
): EngineConnection | undefined {
  return Object.values(connections).find(({ transport }) => transport.socket === webSocket);
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

/**
 * Ends a connection in this turn of the event loop: its sockets are gone afterwards, and what is left of the chunk that was just
 * read is not looked at. `terminate` alone is heard of in the next turn only.
 */
export function endNow(connection: EngineConnection): void {
  const { transport } = connection;
  connection.close(true);
  transport.socket?.terminate();
}
