import { once } from "node:events";
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from "node:net";

import { type Faults, ProxiedConnection } from "./proxied-connection";

/** What a test can do to the way between two parties. The last call counts; the waits are in real time. */
export interface TestNetwork {
  /** Closes every connection, and every new one as soon as it is made, until `resume`. */
  cut(): void;
  /** Nothing passes and nobody is told, as where a cable is pulled: connections stay, and what is sent waits for `resume`. */
  hold(): void;
  /** Everything passes in order, so many milliseconds later each way. */
  slow(delayMs: number): void;
  /** Ends what the others began. */
  resume(): void;
}

/** A way of one's own: what is done to it is done to those who use its address. */
export interface TestLine extends TestNetwork {
  readonly url: string;
}

export interface TestAddress {
  host: string;
  port: number;
}

export interface FaultProxyOptions {
  /** Where it leads, asked for each connection; undefined: nobody is there. */
  target(): TestAddress | undefined;
  /** @default any that is free */
  port?: number;
  /** @default 127.0.0.1 */
  host?: string;
  /** What is wrong there is wrong here too. */
  above?: FaultProxy;
  /** Path of what it leads to, for `url`. */
  path?: string;
}

const NO_FAULTS: Faults = { isCut: false, isHeld: false, delayMs: 0 };

/** A TCP proxy that can be cut, held and slowed. Both parties have real sockets, and learn of its faults as of a network's. */
export class FaultProxy implements TestNetwork {
  private readonly server: Server;
  private readonly connections = new Set<ProxiedConnection>();
  private readonly below = new Set<FaultProxy>();
  private own = NO_FAULTS;

  private constructor(private readonly options: FaultProxyOptions) {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
  }

  /** Resolves when it can be reached. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
    await once(proxy.server, "listening");
    options.above?.below.add(proxy);
    return proxy;
  }

  get address(): TestAddress {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  /** `http://host:port` and the path. */
  get url(): string {
    const { host, port } = this.address;
    return `http://${host.includes(":") ? `[${host}]` : host}:${port}${this.options.path ?? ""}`;
  }

  cut(): void {
    this.become({ ...NO_FAULTS, isCut: true });
  }

  hold(): void {
    this.become({ ...NO_FAULTS, isHeld: true });
  }

  slow(delayMs: number): void {
    this.become({ ...NO_FAULTS, delayMs });
  }

  resume(): void {
    this.become(NO_FAULTS);
  }

  /** Ends its connections, and takes no more. Resolves when nothing is left of it. */
  async close(): Promise<void> {
    this.options.above?.below.delete(this);
    for (const connection of this.connections) {
      connection.destroy();
    }
    if (this.server.listening) {
      await new Promise<void>((resolve) => this.server.close(() => resolve()));
    }
  }

  private get faults(): Faults {
    const { own } = this;
    const above = this.options.above?.faults ?? NO_FAULTS;
    return {
      isCut: own.isCut || above.isCut,
      isHeld: own.isHeld || above.isHeld,
      delayMs: own.delayMs + above.delayMs,
    };
  }

  private become(faults: Faults): void {
    this.own = faults;
    this.noticeChange();
  }

  private noticeChange(): void {
    for (const connection of this.connections) {
      connection.noticeChange();
    }
    for (const proxy of this.below) {
      proxy.noticeChange();
    }
  }

  private accept(near: Socket): void {
    const target = this.faults.isCut ? undefined : this.options.target();
    if (!target) {
      near.on("error", () => {
        // Whoever called has hung up first.
      });
      near.resetAndDestroy();
      return;
    }
    const far = dial({ ...target, allowHalfOpen: true, noDelay: true });
    const connection = new ProxiedConnection(near, far, () => this.faults);
    this.connections.add(connection);
    void connection.ended.then(() => this.connections.delete(connection));
  }
}
