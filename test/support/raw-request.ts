import { once } from "node:events";
import { connect } from "node:net";

/** Sends bytes as they are, and answers the first response; undefined: the server ended the connection without one. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<Response | undefined> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = Buffer.alloc(0);
  let response: Response | undefined;
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    response = responseIn(received);
    if (response) {
      socket.destroy();
    }
  });
  socket.on("error", () => {
    // The server has ended it before everything was written; what it said counts.
  });
  socket.write(bytes);
  await once(socket, "close");
  return response;
}

/** The first response, once all of it is there. */
function responseIn(received: Buffer): Response | undefined {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) {
    return undefined;
  }
  const [status = "", ...lines] = received.subarray(0, end).toString("latin1").split("\r\n");
  const headers = new Headers(lines.map((line) => line.split(": ") as [string, string]));
  const body = received.subarray(end + 4);
  const length = Number(headers.get("content-length") ?? 0);
  return body.length < length
    ? undefined
    : new Response(body.subarray(0, length), { status: Number(status.split(" ")[1]), headers });
}
