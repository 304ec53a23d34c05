import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A wire between a client and a server that can be cut, and heal again. */
export interface TcpProxy {
  readonly url: string;
  /** Ends all connections, and every new one at once. */
  cut(): void;
  resume(): void;
  close(): Promise<void>;
}

/** Carries bytes to the server at `target`, both ways, as they are. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((downstream) => {
    if (isCut) {
      downstream.destroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    join(downstream, upstream);
    join(upstream, downstream);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  function join(from: Socket, to: Socket): void {
    sockets.add(from);
    from.pipe(to);
    from.on("error", () => {
      // The end of a connection that was cut; `close` follows.
    });
    from.on("close", () => {
      sockets.delete(from);
      to.destroy();
    });
  }

  function cut(): void {
    isCut = true;
    for (const socket of sockets) {
      socket.destroy();
    }
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    resume(): void {
      isCut = false;
    },
    async close(): Promise<void> {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
