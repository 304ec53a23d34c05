import { connect, type Socket } from "node:net";

/** Between the packets of one body. */
const SEPARATOR = "\x1e";

/** A session of Engine.IO's polling by hand: it asks, and reads or does not. */
export class PollingSession {
  private readonly unread: Socket[] = [];

  private constructor(
    private readonly url: string,
    private readonly path: string,
    readonly socketId: string,
  ) {}

  /** Joins the default namespace. */
  static async open(url: string, token: string): Promise<PollingSession> {
    const base = "/socket.io/?EIO=4&transport=polling";
    const handshake = await (await fetch(url + base)).text();
    const path = `${base}&sid=${JSON.parse(handshake.slice(1)).sid}`;
    await fetch(url + path, { method: "POST", body: `40${JSON.stringify({ token })}` });
    const packets = (await (await fetch(url + path)).text()).split(SEPARATOR);
    const joined = packets.find((packet) => packet.startsWith("40{")) ?? "";
    return new PollingSession(url, path, JSON.parse(joined.slice(2)).sid);
  }

  /** Sends Socket.IO packets. */
  async send(...packets: string[]): Promise<Response> {
    return fetch(this.url + this.path, { method: "POST", body: packets.map((packet) => `4${packet}`).join(SEPARATOR) });
  }

  /** Asks for what waits, and answers it as it came. */
  async poll(): Promise<string> {
    return (await fetch(this.url + this.path)).text();
  }

  /** Asks on a connection of its own, and does not read. */
  pollUnread(): Socket {
    const { hostname, port } = new URL(this.url);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {
      // The server may end it, which is what is looked at.
    });
    socket.pause();
    socket.write(`GET ${this.path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    this.unread.push(socket);
    return socket;
  }

  close(): void {
    for (const socket of this.unread) {
      socket.destroy();
    }
  }
}
