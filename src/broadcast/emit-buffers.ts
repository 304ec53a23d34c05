import type { RoomfulConfig } from "../config/config";
import type { Clock } from "../lifecycle/clock";
import { EmitBufferLimit, type EmitBufferLimitOptions } from "./emit-buffer-limit";
import type { EngineConnection } from "./engine-connection";
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
}

/**
 * What connections have not yet been sent: when it is written (`WritePacer`), in how few writes (`FrameJoiner`), and how much
 * of it may wait (`EmitBufferLimit`). It stands at Engine.IO's connection, below everything that sends.
 */
export class EmitBuffers {
  private readonly limit: EmitBufferLimit;
  private readonly pacer: WritePacer | undefined;

  constructor({ config, clock, onCut, onError, onUnpaced }: EmitBuffersOptions) {
    const limit = new EmitBufferLimit({ config, clock, onCut, onError });
    this.limit = limit;
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
    engine.on("connection", (connection) => {
      if (!this.pacer?.pace(connection)) {
        this.limit.guard(connection);
      }
    });
    this.limit.start();
  }

  /** Bytes that wait behind transports that do not drain, over all connections, now. */
  get bufferedBytes(): number {
    return this.limit.bufferedBytes;
  }

  stop(): void {
    this.limit.stop();
  }
}
