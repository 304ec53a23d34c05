import { runFlood } from "./floods/flood-run";
import { killNine } from "./kill-nine";
import { nodeDies } from "./node-dies";
import { postgresPaused } from "./postgres-paused";
import { redisDown } from "./redis-down";
import { rollingRestart } from "./rolling-restart";
import { stalledClients } from "./stalled-clients";

/** Something breaks under load, and what was acknowledged is held against the table. */
export interface Fault {
  summary: string;
  settings: Record<string, number>;
  run(settings: Record<string, number>): Promise<object>;
}

export const FAULTS: Record<string, Fault> = {
  "kill-nine": {
    summary: "kill -9 of the node, again and again, under senders who retry",
    settings: { kills: 20, senders: 40, rooms: 10 },
    run: killNine,
  },
  "node-dies": {
    summary: "kill -9 of one of two nodes with many members of a room",
    settings: { members: 500 },
    run: nodeDies,
  },
  "redis-down": {
    summary: "Redis killed under load; readers on one node, senders on the other",
    settings: { seconds: 60, before: 15, after: 15, senders: 50, readers: 100, rooms: 50, perSecond: 100 },
    run: redisDown,
  },
  "rolling-restart": {
    summary: "two nodes stopped and started in turn, under senders who retry",
    settings: { rounds: 5, senders: 40, rooms: 10 },
    run: rollingRestart,
  },
  "postgres-paused": {
    summary: "Postgres stopped (SIGSTOP) under load",
    settings: { seconds: 60, before: 20, after: 20, senders: 100, readers: 100, rooms: 50, perSecond: 100 },
    run: postgresPaused,
  },
  "stalled-clients": {
    summary: "some of a room's clients stop reading while much is sent",
    settings: { clients: 300, stalled: 100, megabytes: 6 },
    run: stalledClients,
  },
  "ping-flood": {
    summary: "connections send websocket pings as fast as they can, and read nothing",
    settings: { connections: 1, seconds: 10, quietSeconds: 10, readers: 20, maxConnections: 2_000 },
    run: (settings) => runFlood("ping", settings),
  },
  "refused-flood": {
    summary: "users send what is refused: bytes, unknown keys, namespaces that do not exist",
    settings: { connections: 6, seconds: 10, quietSeconds: 10, readers: 20, maxConnections: 2_000 },
    run: (settings) => runFlood("refused", settings),
  },
  "presence-flood": {
    summary: "users join and leave a room of up to 100 as often as they may",
    settings: { connections: 10, seconds: 10, quietSeconds: 5, readers: 90, maxConnections: 2_000 },
    run: (settings) => runFlood("presence", settings),
  },
  "poll-flood": {
    summary: "users ask for pages by polling, each poll on a connection that never reads",
    settings: { connections: 20, seconds: 15, quietSeconds: 10, readers: 20, maxConnections: 2_000 },
    run: (settings) => runFlood("poll", settings),
  },
};
