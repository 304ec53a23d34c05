/**
 * A hub on bare `ws`, as the limit of what one write a recipient costs: no authentication, no store, no Socket.IO. It says just
 * enough of their words to be driven by the same clients. A message's frame is built once and written to each member's socket.
 */
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

import { answerReady, requireVariable, stopOnSignal } from "./peer-process";

const rooms = new Map<string, Set<Socket>>();
const http = createServer(answerReady);
const hub = new WebSocketServer({ server: http, perMessageDeflate: false });
let sids = 0;

hub.on("connection", (ws, request) => {
  const { socket } = request;
  const joined = new Set<string>();
  sids += 1;
  ws.send(`0{"sid":"${sids}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`);
  ws.on("message", (data) => hear(ws, socket, joined, String(data)));
  ws.on("close", () => {
    for (const room of joined) {
      rooms.get(room)?.delete(socket);
    }
  });
});

function hear(ws: WebSocket, socket: Socket, joined: Set<string>, text: string): void {
  if (text.startsWith("40")) {
    ws.send(`40{"sid":"${sids}"}`);
    return;
  }
  const bracket = text.indexOf("[");
  if (!text.startsWith("42") || bracket < 0) {
    return;
  }
  const [event, payload] = JSON.parse(text.slice(bracket)) as [string, { room: string }];
  if (event === "join") {
    joined.add(payload.room);
    const members = rooms.get(payload.room) ?? new Set();
    rooms.set(payload.room, members.add(socket));
  } else {
    tell(payload.room, `42${JSON.stringify([event, payload])}`);
  }
  if (bracket > 2) {
    ws.send(`43${text.slice(2, bracket)}[{"ok":true}]`);
  }
}

function tell(room: string, text: string): void {
  const frame = textFrame(Buffer.from(text));
  for (const member of rooms.get(room) ?? []) {
    member.write(frame);
  }
}

function textFrame(payload: Buffer): Buffer {
  const { length } = payload;
  const size = length < 126 ? [length] : [126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([0x81, ...size]), payload]);
}

stopOnSignal();
http.listen(Number(requireVariable("PORT")), "127.0.0.1");
