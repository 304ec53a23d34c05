import { once } from "node:events";
import { WebSocket } from "ws";

/** A connection that speaks Engine.IO by hand, for what no well-behaved client sends. */
export class EngineSocket {
  readonly received: string[] = [];

  private constructor(readonly ws: WebSocket) {
    ws.on("message", (data) => this.received.push(String(data)));
    ws.on("error", () => {
      // What ends the connection is seen at its end.
    });
  }

  /** Opens the connection; no namespace is joined. `sid`: of a connection that polls, and is to go over to this. */
  static async open(url: string, sid?: string): Promise<EngineSocket> {
    const address = new URL("/socket.io/?EIO=4&transport=websocket", url);
    if (sid !== undefined) {
      address.searchParams.set("sid", sid);
    }
    address.protocol = "ws:";
    const ws = new WebSocket(address);
    const socket = new EngineSocket(ws);
    await once(ws, "open");
    return socket;
  }

  /** Sends a Socket.IO packet as it goes over the wire, without Engine.IO's own first digit. */
  send(packet: string): void {
    this.ws.send(`4${packet}`);
  }

  /** Joins a namespace. */
  async connect(token: string, namespace = "/"): Promise<void> {
    const name = namespace === "/" ? "" : `${namespace},`;
    this.send(`0${name}${JSON.stringify({ token })}`);
    await this.until((frame) => frame.startsWith(`40${name}{`));
  }

  /** Resolves with the first frame that fits, of those received and those to come. */
  async until(fits: (frame: string) => boolean): Promise<string> {
    for (;;) {
      const found = this.received.find(fits);
      if (found !== undefined) {
        return found;
      }
      if (this.ws.readyState !== WebSocket.OPEN) {
        throw new Error(`the connection is closed; it received ${this.received.join("\n")}`);
      }
      const waiting = new AbortController();
      const { signal } = waiting;
      await Promise.race([once(this.ws, "message", { signal }), once(this.ws, "close", { signal })]);
      // The one that did not come must not go on listening.
      waiting.abort();
    }
  }

  /** Resolves when the connection has ended. */
  async closed(): Promise<void> {
    if (this.ws.readyState !== WebSocket.CLOSED) {
      await once(this.ws, "close");
    }
  }
}
