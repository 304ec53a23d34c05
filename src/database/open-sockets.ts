import { Socket } from "node:net";

/**
 * The sockets of connections to Postgres, so that they can be ended at once: pg ends a connection in order only, which one to a
 * server that hangs does not answer.
 */
export class OpenSockets {
  private readonly sockets = new Set<Socket>();

  /** For pg's option `stream`. */
  readonly open = (): Socket => {
    const socket = new Socket();
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
    return socket;
  };

  /** Statements on them fail as when the network is lost. */
  destroyAll(): void {
    for (const socket of this.sockets) {
      socket.destroy();
    }
  }
}
