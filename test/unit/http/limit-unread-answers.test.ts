import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Readable } from "node:stream";

import { limitUnreadAnswers } from "../../../src/http/limit-unread-answers";

/** More than the kernel keeps for a connection. */
const LARGE = Buffer.alloc(32 * 2 ** 20);
/** For who takes the answers: on a busy machine, too, something is taken within it. */
const PATIENT_MS = 3_000;
const GET = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

let server: Server;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) {
    socket.destroy();
  }
  server.close();
});

async function start(answer: RequestListener, timeoutMs = 50): Promise<void> {
  server = createServer(answer);
  limitUnreadAnswers(server, { timeoutMs });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
}

/** A client that reads nothing until it is told to; with the server's end of the connection. */
async function open(): Promise<{ client: Socket; served: Socket }> {
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => {
    // Its end is what is looked at.
  });
  client.pause();
  const [served] = (await once(server, "connection")) as [Socket];
  sockets.push(client, served);
  return { client, served };
}

it.each<[string, RequestListener]>([
  ["an answer", (_request, response) => response.end(LARGE)],
  ["a stream", (_request, response) => Readable.from([LARGE, LARGE]).pipe(response)],
])("ends a connection that does not take %s", async (_what, answer) => {
  await start(answer);
  const { client, served } = await open();
  client.write(GET);

  await once(served, "close");
});

it("lets an answer be waited for, and a client read all of it", async () => {
  let answerSlow = (): void => {};
  await start((request, response) => {
    if (request.url === "/slow") {
      answerSlow = () => response.end(LARGE);
    } else {
      response.end(LARGE);
    }
  }, PATIENT_MS);
  const slow = await open();
  slow.client.write(GET.replace("/ ", "/slow "));
  await once(server, "request");
  const unread = await open();
  unread.client.write(GET);
  await once(unread.served, "close");
  // Longer than the time that the other one had.
  answerSlow();
  let bytes = 0;
  slow.client.on("data", (chunk) => {
    bytes += chunk.length;
  });
  slow.client.resume();
  const ended = once(slow.client, "close");
  while (bytes < LARGE.length && !slow.client.destroyed) {
    await Promise.race([once(slow.client, "data"), ended]);
  }

  expect(bytes).toBeGreaterThanOrEqual(LARGE.length);
  expect(slow.served.destroyed).toBe(false);
});

it("ends a connection that asks on and on without taking an answer", async () => {
  await start((_request, response) => response.end(LARGE), 0);
  const { client, served } = await open();
  client.write(GET.repeat(100));

  await once(served, "close");
});

it("lets a client ask ahead a little", async () => {
  await start((_request, response) => response.end("x"), PATIENT_MS);
  const { client } = await open();
  client.write(GET.repeat(20));
  let text = "";
  client.on("data", (chunk) => {
    text += chunk;
  });
  client.resume();
  while (text.split("200 OK").length <= 20) {
    await once(client, "data");
  }
});
