import type { RoomfulConfig } from "../config/config";
import type { Clock, Timer } from "../lifecycle/clock";
import {
  bytesOfPacket,
  type EngineConnection,
  type EnginePacket,
  type EngineTransport,
  terminate,
} from "./engine-connection";

export type EmitBufferLimitName = "packets" | "bytes" | "age";

export interface EmitBufferLimitOptions {
  config: RoomfulConfig["emitBuffer"];
  clock: Clock;
  /** Called before the connection is ended, which nothing can be sent to any more; `seconds` after it crossed the limit. */
  onCut(connection: EngineConnection, limit: EmitBufferLimitName, seconds: number): void;
  onError(error: unknown): void;
}

/** What one connection has not yet taken. */
interface EmitBuffer {
  connection: EngineConnection;
  /** Handed to Engine.IO, and not yet to the transport. */
  queuedBytes: number;
  queuedPackets: number;
  /** Handed to the transport, which has not drained since. */
  inFlightBytes: number;
  inFlightPackets: number;
  /** When it last was empty, or drained. */
  behindSinceMs: number;
  isCheckDue: boolean;
  /** When the limit was crossed that the check is due for. */
  crossedAtMs: number;
  isCut: boolean;
}

const SWEEP_INTERVAL_MS = 250;

/**
 * Ends connections that do not take what is sent to them, before they hold the server's memory.
 *
 * It counts at Engine.IO's connection, through which broadcasts, emits, acknowledgements and heartbeats
 * of all its namespaces go: `packetCreate` (queued), `flush` (handed to the transport), and the
 * transport's own `drain` (the kernel has taken it). The connection's `drain` says only "handed over",
 * and `writeBuffer.length` is 0 while megabytes wait in ws.
 *
 * A burst in one turn of the event loop is no sign of a slow client: the limits are looked at after the loop
 * has had the chance to write.
 */
export class EmitBufferLimit {
  private readonly behind = new Set<EmitBuffer>();
  private readonly due: EmitBuffer[] = [];
  private sweeper: Timer | undefined;

  constructor(private readonly options: EmitBufferLimitOptions) {}

  /** `engine`: `io.engine`. */
  attach(engine: { on(event: "connection", listener: (connection: EngineConnection) => void): unknown }): void {
    engine.on("connection", (connection) => this.guard(connection));
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

  stop(): void {
    this.sweeper?.clear();
  }

  private guard(connection: EngineConnection): void {
    const buffer: EmitBuffer = {
      connection,
      queuedBytes: 0,
      queuedPackets: 0,
      inFlightBytes: 0,
      inFlightPackets: 0,
      behindSinceMs: 0,
      isCheckDue: false,
      crossedAtMs: 0,
      isCut: false,
    };
    const follow = (transport: EngineTransport): void => {
      transport.on("drain", () => this.drained(buffer));
    };
    connection.on("packetCreate", (packet: EnginePacket) => this.queued(buffer, packet));
    connection.on("flush", () => {
      buffer.inFlightBytes += buffer.queuedBytes;
      buffer.inFlightPackets += buffer.queuedPackets;
      buffer.queuedBytes = 0;
      buffer.queuedPackets = 0;
    });
    follow(connection.transport);
    connection.on("upgrade", (transport: EngineTransport) => {
      follow(transport);
      // What polling had in flight has been answered, or is sent again by nobody.
      this.drained(buffer);
    });
    connection.once("close", () => {
      buffer.isCut = true;
      this.behind.delete(buffer);
    });
  }

  private queued(buffer: EmitBuffer, packet: EnginePacket): void {
    if (buffer.isCut) {
      return;
    }
    if (!this.behind.has(buffer)) {
      buffer.behindSinceMs = this.options.clock.monotonicMs();
      this.behind.add(buffer);
    }
    buffer.queuedBytes += bytesOfPacket(packet);
    buffer.queuedPackets += 1;
    if (!buffer.isCheckDue && this.exceeded(buffer)) {
      buffer.isCheckDue = true;
      buffer.crossedAtMs = this.options.clock.monotonicMs();
      if (this.due.push(buffer) === 1) {
        // Twice: what the loop reads in this turn may be drained by writes that end in the next.
        setImmediate(() => setImmediate(() => this.checkDue()));
      }
    }
  }

  private drained(buffer: EmitBuffer): void {
    buffer.inFlightBytes = 0;
    buffer.inFlightPackets = 0;
    buffer.behindSinceMs = this.options.clock.monotonicMs();
    if (buffer.queuedPackets === 0) {
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
