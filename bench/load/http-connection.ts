import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface HttpAnswer {
  status: number;
  body: string;
}

const END_OF_HEAD = "\r\n\r\n";

/** A connection that is kept, with one request on its way at a time; by hand, since `node:http` would be the bottleneck. */
export class HttpConnection {
  private received = "";
  private waiting: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly fixedHead: string,
  ) {
    // Our answers are ASCII.
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.read(text));
    socket.on("error", () => {
      // "close" follows.
    });
    socket.once("close", () => this.waiting?.reject(new Error("the connection ended before the answer")));
  }

  static async open(host: string, port: number, key: string): Promise<HttpConnection> {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, "connect");
    const head = `Host: ${host}:${port}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json`;
    return new HttpConnection(socket, head);
  }

  /** Rejects when the connection ends before the answer. `body` is ASCII. */
  post(path: string, body: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(
        `POST ${path} HTTP/1.1\r\n${this.fixedHead}\r\nContent-Length: ${body.length}${END_OF_HEAD}${body}`,
        "latin1",
      );
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private read(text: string): void {
    this.received += text;
    const end = this.received.indexOf(END_OF_HEAD);
    if (end < 0) {
      return;
    }
    const head = this.received.slice(0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) {
      this.socket.destroy();
      return;
    }
    const body = this.received.slice(end + END_OF_HEAD.length);
    if (body.length >= Number(length)) {
      const { waiting } = this;
      this.received = "";
      this.waiting = undefined;
      waiting?.resolve({ status: Number(head.slice("HTTP/1.1 ".length).slice(0, 3)), body });
    }
  }
}
