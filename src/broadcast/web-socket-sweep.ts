import type { Clock, Timer } from "../lifecycle/clock";

/** The part of a WebSocket that is used here. */
export interface SweptWebSocket {
  /** Given to it and not yet taken by the kernel, by whomever: frames of packets, pongs, the closing frame. */
  readonly bufferedAmount: number;
}

export interface WebSocketSweepOptions<Swept extends SweptWebSocket> {
  config: { maxBytes: number };
  clock: Pick<Clock, "setRepeating">;
  /** All that are open, also those that are no connection's yet. */
  webSockets(): Iterable<Swept>;
  /** It holds more than it may. It is to be ended. */
  onOver(webSocket: Swept): void;
}

const SWEEP_INTERVAL_MS = 1_000;

/**
 * Looks at what every websocket holds, whatever has filled it. `EmitBufferLimit` counts packets, and acts at once; what is
 * no packet, ws' answers to pings for instance, is seen here. One timer for all.
 */
export class WebSocketSweep<Swept extends SweptWebSocket> {
  private sweeper: Timer | undefined;

  constructor(private readonly options: WebSocketSweepOptions<Swept>) {}

  start(): void {
    if (this.options.config.maxBytes > 0) {
      this.sweeper = this.options.clock.setRepeating(() => this.sweep(), SWEEP_INTERVAL_MS);
    }
  }

  stop(): void {
    this.sweeper?.clear();
  }

  private sweep(): void {
    const { config, webSockets, onOver } = this.options;
    const isOver = ({ bufferedAmount }: Swept): boolean => bufferedAmount > config.maxBytes;
    const over: Swept[] = [];
    for (const webSocket of webSockets()) {
      if (isOver(webSocket)) {
        over.push(webSocket);
      }
    }
    if (over.length > 0) {
      // As everywhere: a burst in one turn of the event loop is no sign of a slow client.
      setImmediate(() => setImmediate(() => over.filter(isOver).forEach(onOver)));
    }
  }
}
