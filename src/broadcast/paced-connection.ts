import {
  bytesOfPacket,
  type EngineConnection,
  type EnginePacket,
  type EngineTransport,
  hasTakenAll,
  isJoinable,
  isPaceable,
} from "./engine-connection";

/** What a connection's pacing needs of the others'. */
export interface PacedConnectionOptions {
  /** The connection has something to send: `flushNow` is to be called soon. Called once until then. */
  onWaiting(paced: PacedConnection): void;
  /** The packets as one; undefined: they are to be sent as they are. */
  join(packets: readonly EnginePacket[]): readonly EnginePacket[] | undefined;
  /** The packet of a broadcast with these options, one for all its recipients. */
  broadcastPacketOf(data: string | Buffer, options: NonNullable<EnginePacket["options"]>): EnginePacket;
  /** Writes to the connection's websocket are watched from now on: `onBehind` says what they leave. */
  onWatched(connection: EngineConnection): void;
  /** A write was not taken whole; so many of its packets and bytes wait, nearly. */
  onBehind(connection: EngineConnection, packets: number, bytes: number): void;
}

/**
 * One connection whose packets wait to be written together. It takes over four calls of Engine.IO's:
 *
 * - the connection's `flush`, which hands packets to the transport: a websocket's waits;
 * - its `write`, for broadcasts, only to save what each recipient of them costs;
 * - its `close`: what was sent before it leaves before it, as it would have without waiting;
 * - the websocket's `send`: it gets one packet in place of many, and says what the write has left behind.
 *
 * Packets, their order, Engine.IO's events and callbacks stay Engine.IO's. Polling does not wait; what is compressed, or holds
 * packets of bytes, waits and is not joined.
 */
export class PacedConnection {
  private isWaiting = false;
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
      flush.call(connection);
      return close.call(connection, discard);
    };
    this.watchWrites(connection.transport);
    connection.on("upgrade", (transport: EngineTransport) => this.watchWrites(transport));
  }

  /** Packets that wait. */
  get packets(): number {
    return this.connection.writeBuffer.length;
  }

  /** Hands over what waits, if the transport is writable. */
  flushNow(): void {
    this.isWaiting = false;
    this.stockFlush.call(this.connection);
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

  private watchWrites(transport: EngineTransport): void {
    if (!isJoinable(transport)) {
      return;
    }
    const { connection } = this;
    const { join, onWatched, onBehind } = this.options;
    const { send } = transport;
    transport.send = (packets) => {
      const written = (transport.perMessageDeflate ? undefined : join(packets)) ?? packets;
      send.call(transport, written);
      if (hasTakenAll(transport)) {
        // Engine.IO would call it behind until the write's callback, later in this turn, and volatile packets would be dropped.
        transport.writable = true;
      } else {
        const bytes = transport.socket?.bufferedAmount ?? 0;
        const share = Math.min(1, bytes / sumOfBytes(written));
        onBehind(connection, Math.ceil(packets.length * share), bytes);
      }
    };
    onWatched(connection);
  }
}

function sumOfBytes(packets: readonly EnginePacket[]): number {
  return packets.reduce((sum, packet) => sum + bytesOfPacket(packet), 0);
}
