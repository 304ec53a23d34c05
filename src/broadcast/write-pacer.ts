import type { RoomfulConfig } from "../config/config";
import type { Clock } from "../lifecycle/clock";
import type { EngineConnection, EnginePacket } from "./engine-connection";
import { FrameJoiner } from "./frame-joiner";
import { PacedConnection, type PacedConnectionOptions } from "./paced-connection";
import { type LoopTimes, PacingWindow } from "./pacing-window";

export interface WritePacerOptions extends Pick<PacedConnectionOptions, "onWatched" | "onBehind"> {
  config: Pick<RoomfulConfig["emitBuffer"], "maxWindowMs">;
  clock: Pick<Clock, "monotonicMs" | "setTimer">;
  onError(error: unknown): void;
  /** A connection has not what pacing rests on: it and all later ones are written to in Engine.IO's own way. Called once. */
  onUnsupported(): void;
  loopTimes?: () => LoopTimes;
}

/** Node's timers know no shorter time. */
const MIN_WINDOW_MS = 1;

/**
 * Decides when connections are written to.
 *
 * Engine.IO writes each packet to each recipient at once, and that system call is most of what a delivery costs. Here a
 * connection that has something to send waits for the next round, which flushes all that wait:
 *
 * - quiet: the round comes in this turn of the event loop, after what it reads;
 * - busy: it begins a window after the last one (`PacingWindow`). Milliseconds are traded only for what would be waited for
 *   anyway.
 */
export class WritePacer {
  private waiting: PacedConnection[] = [];
  private isRoundDue = false;
  private nextRoundMs = 0;
  private isSupported = true;
  private lastBroadcast: EnginePacket | undefined;
  private readonly joiner = new FrameJoiner();
  private readonly window: PacingWindow;
  private readonly connectionOptions: PacedConnectionOptions;

  constructor(private readonly options: WritePacerOptions) {
    const { config, loopTimes, onWatched, onBehind } = options;
    this.window = new PacingWindow(config.maxWindowMs, loopTimes);
    this.connectionOptions = {
      ...{ onWatched, onBehind },
      onWaiting: (paced) => this.wait(paced),
      join: (packets) => this.joiner.join(packets),
      broadcastPacketOf: (data, packetOptions) => this.broadcastPacketOf(data, packetOptions),
    };
  }

  /** Takes over when the connection is written to. True: its writes are watched from the first one on. */
  pace(connection: EngineConnection): boolean {
    if (!this.isSupported) {
      return false;
    }
    const paced = PacedConnection.of(connection, this.connectionOptions);
    if (!paced) {
      this.isSupported = false;
      this.options.onUnsupported();
    }
    return paced?.isWatched ?? false;
  }

  private wait(paced: PacedConnection): void {
    this.waiting.push(paced);
    if (this.isRoundDue) {
      return;
    }
    this.isRoundDue = true;
    const waitMs = this.nextRoundMs - this.options.clock.monotonicMs();
    if (waitMs < MIN_WINDOW_MS) {
      setImmediate(() => this.round());
    } else {
      this.options.clock.setTimer(() => this.round(), waitMs);
    }
  }

  private round(): void {
    const { clock, onError } = this.options;
    const due = this.waiting;
    this.waiting = [];
    this.isRoundDue = false;
    const startMs = clock.monotonicMs();
    let packets = 0;
    for (const paced of due) {
      packets += paced.packets;
      try {
        paced.flushNow();
      } catch (error) {
        // One connection's listeners must not keep the others from their packets.
        onError(error);
      }
    }
    // What has been written is not to be kept.
    this.joiner.forget();
    this.lastBroadcast = undefined;
    const endMs = clock.monotonicMs();
    this.nextRoundMs = endMs + this.window.after({ durationMs: endMs - startMs, packets, connections: due.length });
  }

  private broadcastPacketOf(data: string | Buffer, options: NonNullable<EnginePacket["options"]>): EnginePacket {
    if (this.lastBroadcast?.options !== options) {
      this.lastBroadcast = { type: "message", data, options };
    }
    return this.lastBroadcast;
  }
}
