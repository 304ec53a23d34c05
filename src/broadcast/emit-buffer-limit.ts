import type { RoomfulConfig } from "../config/config";
import type { Clock, Timer } from "../lifecycle/clock";
import {
  bytesOfPacket,
  type EngineConnection,
  type EnginePacket,
  type EngineTransport,
  type PollResponse,
  terminate,
} from "./engine-connection";

export type EmitBufferLimitName = "packets" | "bytes" | "age" | "polls";

export interface EmitBufferLimitOptions {
  config: Pick<RoomfulConfig["emitBuffer"], "maxPackets" | "maxBytes" | "maxAgeMs">;
  clock: Clock;
  /** Called before the connection is ended, which nothing can be sent to any more; `seconds` after it crossed the limit. */
  onCut(connection: EngineConnection, limit: EmitBufferLimitName, seconds: number): void;
  onError(error: unknown): void;
}

/** What one connection has not yet taken. */
interface EmitBuffer {
  connection: EngineConnection;
  /** Until it drains: its writes say what they leave behind, and nothing is counted while they leave nothing. */
  isTemporary: boolean;
  isBehind: boolean;
  /** Handed to Engine.IO, and not yet to the transport. */
  queuedBytes: number;
  queuedPackets: number;
  /** Handed to the transport, which has not drained since. */
  inFlightBytes: number;
  inFlightPackets: number;
  /** Answers to polls that the client has not taken. In flight until the last of them is. */
  unread: Set<PollResponse> | undefined;
  /** When it last was empty, or drained. */
  behindSinceMs: number;
  isCheckDue: boolean;
  /** When the limit was crossed that the check is due for. */
  crossedAtMs: number;
  isCut: boolean;
  /** Counts no more. */
  stop(): void;
}

const SWEEP_INTERVAL_MS = 250;

/**
 * Ends connections that do not take what is sent to them, before they hold the server's memory.
 *
 * It counts at Engine.IO's connection, through which broadcasts, emits, acknowledgements and heartbeats
 * of all its namespaces go: `packetCreate` (queued), `flush` (handed to the transport), and the
 * transport's own `drain` (the kernel has taken it). The connection's `drain` says only "handed over",
 * and `writeBuffer.length` is 0 while megabytes wait in ws. Polling's `drain` says no more than that either: there, the end of
 * the response counts.
 *
 * Where writes are paced, the pacer says what a write has left behind (`fellBehind`), and packets are counted from then on
 * until the transport drains: a connection that takes everything costs nothing here, not even memory.
 *
 * A burst in one turn of the event loop is no sign of a slow client: the limits are looked at after the loop
 * has had the chance to write.
 */
export class EmitBufferLimit {
  private readonly buffers = new WeakMap<EngineConnection, EmitBuffer>();
  private readonly behind = new Set<EmitBuffer>();
  private readonly due: EmitBuffer[] = [];
  private sweeper: Timer | undefined;

  constructor(private readonly options: EmitBufferLimitOptions) {}

  start(): void {
    this.sweeper = this.options.clock.setRepeating(() => this.sweep(), SWEEP_INTERVAL_MS);
  }

  /** Over all connections, now. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const { queuedBytes, inFlightBytes } of this.behind) {
      bytes += queuedBytes + inFlightBytes;
    }
    return bytes;
  }

  /** Transports that hold something; their bytes are in `bufferedBytes`. */
  *transportsBehind(): Iterable<EngineTransport> {
    for (const { connection, inFlightBytes } of this.behind) {
      if (inFlightBytes > 0) {
        yield connection.transport;
      }
    }
  }

  /** Ends a connection that was found above the bytes by somebody else. */
  cutAboveBytes(connection: EngineConnection): void {
    const buffer = this.buffers.get(connection) ?? this.listen(connection, true);
    this.cut(buffer, "bytes", this.options.clock.monotonicMs());
  }

  stop(): void {
    this.sweeper?.clear();
  }

  /** Counts what is sent to the connection from now on. */
  guard(connection: EngineConnection): void {
    this.listen(connection, false);
  }

  /** Its writes are watched from now on: whoever writes calls `fellBehind`, and nothing is counted before. */
  trust(connection: EngineConnection): void {
    const buffer = this.buffers.get(connection);
    if (buffer) {
      this.forget(buffer);
    }
  }

  /** A write to a trusted connection was not taken whole; so much of it waits. */
  fellBehind(connection: EngineConnection, packets: number, bytes: number): void {
    if (connection.readyState === "closed") {
      return;
    }
    const buffer = this.buffers.get(connection) ?? this.listen(connection, true);
    if (!buffer.isBehind) {
      this.beginBehind(buffer);
    }
    buffer.inFlightPackets = packets;
    buffer.inFlightBytes = bytes;
    this.check(buffer);
  }

  private listen(connection: EngineConnection, isTemporary: boolean): EmitBuffer {
    const onPacket = (packet: EnginePacket): void => this.queued(buffer, packet);
    const onFlush = (): void => {
      this.awaitReader(buffer, connection.transport.res);
      buffer.inFlightBytes += buffer.queuedBytes;
      buffer.inFlightPackets += buffer.queuedPackets;
      buffer.queuedBytes = 0;
      buffer.queuedPackets = 0;
    };
    const onDrain = (): void => this.drained(buffer);
    const onUpgrade = (transport: EngineTransport): void => {
      transport.on("drain", onDrain);
      // What polling had in flight has been answered, or is sent again by nobody.
      this.drained(buffer);
    };
    const onClose = (): void => {
      buffer.isCut = true;
      this.endUnread(buffer);
      this.forget(buffer);
    };
    const buffer: EmitBuffer = {
      ...{ connection, isTemporary },
      ...{ isBehind: false, queuedBytes: 0, queuedPackets: 0, inFlightBytes: 0, inFlightPackets: 0 },
      unread: undefined,
      ...{ behindSinceMs: 0, isCheckDue: false, crossedAtMs: 0, isCut: false },
      stop() {
        connection.off("packetCreate", onPacket);
        connection.off("flush", onFlush);
        connection.off("upgrade", onUpgrade);
        connection.off("close", onClose);
        connection.transport.off("drain", onDrain);
      },
    };
    this.buffers.set(connection, buffer);
    connection.on("packetCreate", onPacket);
    connection.on("flush", onFlush);
    connection.on("upgrade", onUpgrade);
    connection.on("close", onClose);
    connection.transport.on("drain", onDrain);
    return buffer;
  }

  /** Nobody reads on in a session that is gone; its last answer has the time to leave. */
  private endUnread({ unread }: EmitBuffer): void {
    if (unread && unread.size > 0) {
      afterTwoTurns(() => {
        for (const response of unread) {
          response.destroy();
        }
      });
    }
  }

  /** A poll is answered: what it carries waits until the client has read it, on whichever connection it asked. */
  private awaitReader(buffer: EmitBuffer, response: PollResponse | null | undefined): void {
    if (!response) {
      return;
    }
    const unread = buffer.unread ?? new Set();
    buffer.unread = unread;
    const [earlier] = unread;
    if (earlier) {
      // A client reads an answer before it asks again; the kernel's word for it may come in this turn.
      const crossedAtMs = this.options.clock.monotonicMs();
      afterTwoTurns(() => unread.has(earlier) && this.cut(buffer, "polls", crossedAtMs));
    }
    unread.add(response);
    response.once("close", () => {
      unread.delete(response);
      this.drained(buffer);
    });
  }

  private forget(buffer: EmitBuffer): void {
    buffer.stop();
    this.buffers.delete(buffer.connection);
    this.behind.delete(buffer);
  }

  private beginBehind(buffer: EmitBuffer): void {
    buffer.isBehind = true;
    buffer.behindSinceMs = this.options.clock.monotonicMs();
    this.behind.add(buffer);
  }

  private queued(buffer: EmitBuffer, packet: EnginePacket): void {
    if (buffer.isCut) {
      return;
    }
    if (!buffer.isBehind) {
      this.beginBehind(buffer);
    }
    buffer.queuedBytes += bytesOfPacket(packet);
    buffer.queuedPackets += 1;
    this.check(buffer);
  }

  private check(buffer: EmitBuffer): void {
    if (!buffer.isCheckDue && this.exceeded(buffer)) {
      buffer.isCheckDue = true;
      buffer.crossedAtMs = this.options.clock.monotonicMs();
      if (this.due.push(buffer) === 1) {
        afterTwoTurns(() => this.checkDue());
      }
    }
  }

  private drained(buffer: EmitBuffer): void {
    if (buffer.isTemporary) {
      // What waits is handed over in the next round, which says what it leaves behind.
      this.forget(buffer);
      return;
    }
    if (!buffer.isBehind || (buffer.unread?.size ?? 0) > 0) {
      return;
    }
    buffer.inFlightBytes = 0;
    buffer.inFlightPackets = 0;
    buffer.behindSinceMs = this.options.clock.monotonicMs();
    if (buffer.queuedPackets === 0) {
      buffer.isBehind = false;
      this.behind.delete(buffer);
    }
  }

  private checkDue(): void {
    for (const buffer of this.due.splice(0)) {
      buffer.isCheckDue = false;
      const limit = this.exceeded(buffer);
      if (limit) {
        this.cut(buffer, limit, buffer.crossedAtMs);
      }
    }
  }

  private exceeded(buffer: EmitBuffer): EmitBufferLimitName | undefined {
    const { maxBytes, maxPackets } = this.options.config;
    if (maxBytes > 0 && buffer.queuedBytes + buffer.inFlightBytes > maxBytes) {
      return "bytes";
    }
    // Polling takes what there is once in a while: how many packets that are says nothing.
    const countsPackets = maxPackets > 0 && buffer.connection.transport.name === "websocket";
    return countsPackets && buffer.queuedPackets + buffer.inFlightPackets > maxPackets ? "packets" : undefined;
  }

  private sweep(): void {
    const { clock, config } = this.options;
    if (config.maxAgeMs === 0) {
      return;
    }
    const nowMs = clock.monotonicMs();
    for (const buffer of this.behind) {
      const crossedAtMs = buffer.behindSinceMs + config.maxAgeMs;
      if (nowMs > crossedAtMs) {
        this.cut(buffer, "age", crossedAtMs);
      }
    }
  }

  private cut(buffer: EmitBuffer, limit: EmitBufferLimitName, crossedAtMs: number): void {
    if (buffer.isCut) {
      return;
    }
    buffer.isCut = true;
    this.behind.delete(buffer);
    try {
      // First: afterwards the connection's sockets are gone.
      this.options.onCut(buffer.connection, limit, (this.options.clock.monotonicMs() - crossedAtMs) / 1000);
    } catch (error) {
      this.options.onError(error);
    }
    terminate(buffer.connection);
  }
}

/** Twice: what the loop reads in this turn may be drained by writes that end in the next. */
function afterTwoTurns(act: () => unknown): void {
  setImmediate(() => setImmediate(act));
}
