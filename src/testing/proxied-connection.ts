import type { Socket } from "node:net";

/** What is wrong with a way between two parties. */
export interface Faults {
  isCut: boolean;
  isHeld: boolean;
  delayMs: number;
}

/** One direction: what comes in at one socket goes out at the other, in order, when the faults let it. */
class Flow {
  /** Without a chunk: the end. */
  private readonly onTheWay: { chunk?: Buffer; dueMs: number }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly faults: () => Faults,
  ) {
    from.on("data", (chunk) => this.take(chunk));
    from.on("end", () => this.take());
    to.on("drain", () => this.move());
    to.on("close", () => this.move());
  }

  /** Adds to what is on its way; without a chunk, the end. */
  take(chunk?: Buffer): void {
    this.onTheWay.push({ ...(chunk && { chunk }), dueMs: performance.now() + this.faults().delayMs });
    this.move();
  }

  /** Writes what is due. Reads on only while the other side takes it, so that a slow reader is felt through the proxy. */
  move(): void {
    clearTimeout(this.timer);
    const { isHeld, delayMs } = this.faults();
    while (!isHeld && !this.to.writableNeedDrain) {
      const [next] = this.onTheWay;
      // A way that is no longer slow does not keep what came while it was.
      const remainingMs = next ? Math.min(next.dueMs - performance.now(), delayMs) : 0;
      if (!next || remainingMs > 0) {
        this.timer = next && setTimeout(() => this.move(), remainingMs);
        break;
      }
      this.onTheWay.shift();
      if (this.to.destroyed) {
        // Taken and dropped, as by a network that no longer finds the other side.
      } else if (next.chunk) {
        this.to.write(next.chunk);
      } else {
        this.to.end();
      }
    }
    if (isHeld || this.to.writableNeedDrain) {
      this.from.pause();
    } else if (this.from.isPaused()) {
      this.from.resume();
    }
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

/** Two sockets that stand for one connection: what happens to the one happens to the other. */
export class ProxiedConnection {
  /** Resolves when both sockets are gone. */
  readonly ended: Promise<void>;
  private readonly flows: readonly Flow[];

  constructor(
    private readonly near: Socket,
    private readonly far: Socket,
    private readonly faults: () => Faults,
  ) {
    const inbound = new Flow(near, far, faults);
    const outbound = new Flow(far, near, faults);
    this.flows = [inbound, outbound];
    let isRefused = true;
    far.once("connect", () => {
      isRefused = false;
    });
    // What had been sent before a connection broke still arrives, and then its end, as it mostly does without a proxy.
    const ends = [
      whenGone(near, () => inbound.take()),
      whenGone(far, () => (isRefused ? this.destroy() : outbound.take())),
    ];
    this.ended = Promise.all(ends).then(() => {
      for (const flow of this.flows) {
        flow.stop();
      }
    });
    this.noticeChange();
  }

  noticeChange(): void {
    if (this.faults().isCut) {
      this.destroy();
      return;
    }
    for (const flow of this.flows) {
      flow.move();
    }
  }

  destroy(): void {
    for (const socket of [this.near, this.far]) {
      if (isShuttingDown(socket)) {
        socket.destroy();
      } else {
        socket.resetAndDestroy();
      }
    }
  }
}

/**
 * Its end is on the way to the kernel. libuv refuses a reset then (EINVAL), and Node 20 neither closes the handle nor, with
 * that handle open, ever ends the process: it turns in its own clean-up.
 */
function isShuttingDown({ writableEnded, writableFinished, writableLength }: Socket): boolean {
  return writableEnded && !writableFinished && writableLength === 0;
}

function whenGone(socket: Socket, onBroken: () => void): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => {
      // Its end follows, and is what counts.
    });
    socket.on("close", (isBroken) => {
      if (isBroken) {
        onBroken();
      }
      resolve();
    });
  });
}
