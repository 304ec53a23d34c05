import {
  bytesOfPacket,
  type EngineConnection,
  type EnginePacket,
  type EngineTransport,
  hasTakenAll,
  isJoinable,
  isPaceable,
  isWritable,
  writeFrame,
} from "./engine-connection";

/** What a connection's pacing needs of the others'. */
export interface PacedConnectionOptions {
  /** The connection has something to send: `flushNow` is to be called soon. Called once until then. */
  onWaiting(paced: PacedConnection): void;
  /** The packets as one piece; undefined: they are to be sent as they are. */
  join(packets: readonly EnginePacket[]): Buffer | undefined;
  /** The packet of a broadcast with these options, one for all its recipients. */
  broadcastPacketOf(data: string | Buffer, options: NonNullable<EnginePacket["options"]>): EnginePacket;
  /** Writes to the connection's websocket are watched from now on: `onBehind` says what they leave. */
  onWatched(connection: EngineConnection): void;
  /** A write was not taken whole; so many of its packets and bytes wait, nearly. */
  onBehind(connection: EngineConnection, packets: number, bytes: number): void;
}

/**
 * One connection whose packets wait to be written together. It takes over three calls of Engine.IO's:
 *
 * - the connection's `flush`, which hands packets to the transport: a websocket's waits, and is then written to in one piece;
 * - its `write`, for broadcasts, only to save what each recipient of them costs;
 * - its `close`: what was sent before it leaves before it, as it would have without waiting.
 *
 * Packets, their order and their callbacks stay Engine.IO's. Its events about a write (`flush`, `drain` and, for broadcasts,
 * `packetCreate` of the connection and the server) are not raised for what is written in one piece: they cost more than
 * all that is done here, and nothing in Socket.IO asks for them. Polling does not wait; what is compressed, has a callback, or holds
 * packets of bytes, waits and goes Engine.IO's way.
 */
export class PacedConnection {
  private isWaiting = false;
  /** A piece was not taken whole: the transport is not writable until it is. */
  private isBehind = false;
  /** The websocket that was found to have what is needed. */
  private websocket: EngineTransport | undefined;
  private readonly stockFlush: EngineConnection["flush"];

  /** undefined: the connection has not what this rests on, and is left as it is. */
  static of(connection: EngineConnection, options: PacedConnectionOptions): PacedConnection | undefined {
    return isPaceable(connection) ? new PacedConnection(connection, options) : undefined;
  }

  private constructor(
    private readonly connection: EngineConnection,
    private readonly options: PacedConnectionOptions,
  ) {
    const { flush, write, close } = connection;
    this.stockFlush = flush;
    connection.flush = () => {
      if (this.mayWait && connection.writeBuffer.length > 0) {
        this.wait();
      } else {
        // Polling answers the request that waits for an answer; a transport that is behind calls again when it has drained.
        flush.call(connection);
      }
    };
    connection.write = (data, packetOptions, callback) => {
      if (!packetOptions?.wsPreEncodedFrame || callback || !this.mayWait || connection.readyState !== "open") {
        return write.call(connection, data, packetOptions, callback);
      }
      // As Engine.IO's own, but without an object for each recipient, and an event that only a connection behind is asked for.
      connection.writeBuffer.push(options.broadcastPacketOf(data, packetOptions));
      this.wait();
      return connection;
    };
    connection.close = (discard) => {
      this.flushNow();
      return close.call(connection, discard);
    };
    this.watch(connection.transport);
    connection.on("upgrade", (transport: EngineTransport) => this.watch(transport));
  }

  /** What its writes leave behind is told; not of polling. */
  get isWatched(): boolean {
    return this.websocket !== undefined;
  }

  /** Packets that wait. */
  get packets(): number {
    return this.connection.writeBuffer.length;
  }

  /** Hands over what waits, if the transport is writable. */
  flushNow(): void {
    const { connection, options, stockFlush } = this;
    const { transport, writeBuffer: packets } = connection;
    this.isWaiting = false;
    if (transport !== this.websocket || !transport.writable || packets.length === 0) {
      stockFlush.call(connection);
      return;
    }
    const piece = isWritable(connection) ? options.join(packets) : undefined;
    if (piece) {
      connection.writeBuffer = [];
      writeFrame(transport, piece, this.onTaken);
    } else {
      stockFlush.call(connection);
    }
    if (hasTakenAll(transport)) {
      // Engine.IO calls it behind until the write's callback, later in this turn, and volatile packets would be dropped.
      transport.writable = true;
      return;
    }
    if (piece) {
      this.isBehind = true;
      transport.writable = false;
    }
    const bytes = transport.socket?.bufferedAmount ?? 0;
    const share = Math.min(1, bytes / (piece?.length ?? sumOfBytes(packets)));
    options.onBehind(connection, Math.ceil(packets.length * share), bytes);
  }

  private get mayWait(): boolean {
    const { transport } = this.connection;
    return transport.writable && transport.name === "websocket";
  }

  private wait(): void {
    if (!this.isWaiting) {
      this.isWaiting = true;
      this.options.onWaiting(this);
    }
  }

  private watch(transport: EngineTransport): void {
    if (isJoinable(transport)) {
      this.websocket = transport;
      this.options.onWatched(this.connection);
    }
  }

  /** The kernel has taken a piece, or the connection is broken: from here on, what Engine.IO does after its own writes. */
  private readonly onTaken = (error?: Error | null): void => {
    const { websocket } = this;
    if (error) {
      websocket?.onError("write error", error.stack);
    } else if (this.isBehind && websocket && hasTakenAll(websocket)) {
      this.isBehind = false;
      websocket.emit("drain");
      websocket.writable = true;
      websocket.emit("ready");
    }
  };
}

function sumOfBytes(packets: readonly EnginePacket[]): number {
  return packets.reduce((sum, packet) => sum + bytesOfPacket(packet), 0);
}
