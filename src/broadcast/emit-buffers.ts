import type { RoomfulConfig } from "../config/config";
import type { Clock } from "../lifecycle/clock";
import { EmitBufferLimit, type EmitBufferLimitOptions } from "./emit-buffer-limit";
import { connectionOver, type EngineConnection, type EngineWebSocket } from "./engine-connection";
import { WebSocketSweep } from "./web-socket-sweep";
import { WritePacer } from "./write-pacer";

export interface EmitBuffersOptions extends Pick<EmitBufferLimitOptions, "onCut" | "onError"> {
  config: RoomfulConfig["emitBuffer"];
  clock: Clock;
  /** Writes cannot be paced with these versions of Engine.IO and ws: each packet is a write of its own. Called once. */
  onUnpaced(): void;
}

/** What `io.engine` does here. */
export interface Engine {
  on(event: "connection", listener: (connection: EngineConnection) => void): unknown;
  /** Open connections by id. */
  readonly clients: Readonly<Record<string, EngineConnection>>;
  /** ws' server, which knows every websocket; another one from the moment on when the port is open. */
  readonly ws?: { readonly clients: Iterable<EngineWebSocket> };
}

/**
 * What connections have not yet been sent: when it is written (`WritePacer`), in how few writes (`FrameJoiner`), and how much
 * of it may wait (`EmitBufferLimit`; `WebSocketSweep` for what is no packet). It stands at Engine.IO's connection, below
 * everything that sends.
 */
export class EmitBuffers {
  private readonly limit: EmitBufferLimit;
  private readonly pacer: WritePacer | undefined;
  private readonly sweep: WebSocketSweep<EngineWebSocket>;
  private engine: Engine | undefined;

  constructor({ config, clock, onCut, onError, onUnpaced }: EmitBuffersOptions) {
    const limit = new EmitBufferLimit({ config, clock, onCut, onError });
    this.limit = limit;
    this.sweep = new WebSocketSweep({
      ...{ config, clock },
      webSockets: () => this.webSockets,
      onOver: (webSocket) => this.cut(webSocket),
    });
    this.pacer =
      config.pacedWrites === "on"
        ? new WritePacer({
            ...{ config, clock, onError },
            onWatched: (connection) => limit.trust(connection),
            onBehind: (connection, packets, bytes) => limit.fellBehind(connection, packets, bytes),
            onUnsupported: onUnpaced,
          })
        : undefined;
  }

  attach(engine: Engine): void {
    this.engine = engine;
    engine.on("connection", (connection) => {
      if (!this.pacer?.pace(connection)) {
        this.limit.guard(connection);
      }
    });
    this.limit.start();
    this.sweep.start();
  }

  /** Bytes that wait behind transports that do not drain, whatever they are, over all connections, now. */
  get bufferedBytes(): number {
    const counted = new Set<unknown>();
    for (const { socket } of this.limit.transportsBehind()) {
      counted.add(socket);
    }
    let bytes = this.limit.bufferedBytes;
    for (const webSocket of this.webSockets) {
      bytes += counted.has(webSocket) ? 0 : webSocket.bufferedAmount;
    }
    return bytes;
  }

  stop(): void {
    this.limit.stop();
    this.sweep.stop();
  }

  private get webSockets(): Iterable<EngineWebSocket> {
    return this.engine?.ws?.clients ?? [];
  }

  private cut(webSocket: EngineWebSocket): void {
    const connection = connectionOver(webSocket, this.engine?.clients ?? {});
    if (connection) {
      this.limit.cutAboveBytes(connection);
    } else {
      // An upgrade that was not completed, or a connection that is gone.
      webSocket.terminate();
    }
  }
}
