import { io, type Socket } from "socket.io-client";

import { startTestServer, type TestServer } from "../../src/testing";
import { startDeployedNginx } from "../support/nginx";
import type { ProgramProcess } from "../support/program-process";

let server: TestServer;
let nginx: ProgramProcess;
let url: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  server = await startTestServer({ nodes: 2 });
  nginx = await startDeployedNginx(server.nodes.map((node) => node.directUrl));
  url = `http://127.0.0.1:${nginx.port}`;
});

afterAll(async () => {
  for (const socket of sockets) {
    socket.disconnect();
  }
  await nginx?.stop();
  await server?.close();
});

/** A plain client, as a page or an app has it, through nginx. */
async function connect(userId: string, transport: "websocket" | "polling"): Promise<Socket> {
  const socket = io(url, {
    auth: { token: await server.tokens.mint({ userId }) },
    transports: [transport],
    forceNew: true,
  });
  sockets.push(socket);
  await new Promise((resolve, reject) => {
    socket.once("welcome", resolve);
    socket.once("connect_error", reject);
  });
  return socket;
}

it("takes websockets and polling clients through deploy/nginx.conf into one room", async () => {
  const alice = await connect("alice", "websocket");
  const bob = await connect("bob", "polling");
  await alice.emitWithAck("join", { room: "general" });
  await bob.emitWithAck("join", { room: "general" });
  const received = new Promise((resolve) =>
    bob.on("message", (message) => message.type === "text" && resolve(message)),
  );

  const reply = await alice.emitWithAck("message", { room: "general", content: "hi" });

  expect(reply).toMatchObject({ ok: true });
  expect(await received).toMatchObject({ userId: "alice", content: "hi" });
});

it.each(["/", "/livez", "/readyz", "/metrics", "/v1/rooms", "/dev/token"])("keeps %s from the public", async (path) => {
  expect((await fetch(url + path)).status).toBe(404);
});
