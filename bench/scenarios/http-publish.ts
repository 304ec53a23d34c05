import { randomBytes } from "node:crypto";

import type { CandidateName } from "../candidates/candidates";
import type { ServerProcess } from "../candidates/server-process";
import type { SendPlan } from "../load/protocol";
import type { Testbed } from "../testbed";
import { fillTables } from "./fill-tables";
import { joinRooms } from "./join-rooms";
import { measure } from "./measure";
import { round } from "./numbers";
import type { Measured, Scenario, Settings } from "./scenario";

/** What other programs get stored over HTTP, beside what senders get stored over sockets, in the same run and into the same tables. */
export const httpPublish: Scenario = {
  summary: "stored messages a second over HTTP, one by one and in batches, beside those over sockets",
  candidates: ["roomful"],
  settings: {
    ...{ rooms: 50, window: 40, connections: 64, batchConnections: 64, batch: 100 },
    ...{ bytes: 100, rows: 500_000, warmUp: 2, seconds: 6 },
  },
  quick: { rows: 50_000, warmUp: 1, seconds: 2 },
  smoke: { rooms: 3, window: 4, connections: 4, batchConnections: 4, batch: 5, rows: 1_000, warmUp: 0, seconds: 0.2 },
  run,
  rows: [
    {
      value: "socketsPerSecond",
      label: "stored over sockets, each waits for 40",
      unit: "msg/s",
      better: "more",
      against: [],
      targets: [],
    },
    {
      value: "singlePerSecond",
      label: "stored over HTTP, 64 connections",
      unit: "msg/s",
      better: "more",
      against: [],
      targets: [],
    },
    {
      value: "singleBesideSockets",
      label: "the same: beside sockets",
      unit: "x sockets",
      better: "more",
      against: [],
      targets: [{ atLeast: 0.5 }],
    },
    {
      value: "batchedPerSecond",
      label: "stored over HTTP, 64 connections, batches of 100",
      unit: "msg/s",
      better: "more",
      against: [],
      targets: [],
    },
    {
      value: "batchedBesideSockets",
      label: "the same: beside sockets",
      unit: "x sockets",
      better: "more",
      against: [],
      targets: [{ atLeast: 1 }],
    },
    {
      value: "lost",
      label: "all of these: not answered or not delivered",
      unit: "",
      better: "less",
      against: [],
      targets: [{ atMost: 0 }],
    },
    {
      value: "refused",
      label: "all of these: refused",
      unit: "",
      better: "less",
      against: [],
      targets: [{ atMost: 0 }],
    },
  ],
};

async function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  const { rooms = 0, window = 0, connections = 0, batchConnections = 0, batch = 0 } = settings;
  const { bytes = 0, rows = 0, warmUp = 0, seconds = 0 } = settings;
  const key = randomBytes(32).toString("base64url");
  const template = await testbed.template(`${rows} rows in ${rooms} rooms`, (url) =>
    fillTables(url, { rows, rooms, bytes }),
  );
  /** With a server of its own, and somebody in each room who counts what is delivered. */
  const measurePath = (senders: number, planFor: (server: ServerProcess) => SendPlan): Promise<Measured> =>
    testbed.withServer(
      candidate,
      async (server) => {
        await joinRooms(testbed, server, { rooms, clients: rooms, senders, sampled: rooms });
        const plan = planFor(server);
        const { numbers } = await measure(testbed, server, { plan, warmUpSeconds: warmUp, seconds });
        return numbers;
      },
      { template, env: { ROOMFUL_API_KEYS: key } },
    );
  const http = { kind: "http", key, bytes } as const;
  const sockets = await measurePath(rooms, () => ({ kind: "window", window, bytes }));
  const single = await measurePath(0, ({ host, port }) => ({ ...http, host, port, connections, batch: 1 }));
  const batched = await measurePath(0, ({ host, port }) => ({
    ...http,
    host,
    port,
    connections: batchConnections,
    batch,
  }));

  const perSecond = ({ acknowledgedPerSecond = 0 }: Measured): number => acknowledgedPerSecond;
  const besideSockets = (path: Measured): number => round(perSecond(path) / (perSecond(sockets) || 1), 3);
  const inAll = (name: string): number => [sockets, single, batched].reduce((sum, path) => sum + (path[name] ?? 0), 0);
  return {
    socketsPerSecond: perSecond(sockets),
    singlePerSecond: perSecond(single),
    batchedPerSecond: perSecond(batched),
    singleBesideSockets: besideSockets(single),
    batchedBesideSockets: besideSockets(batched),
    ...detailsOf("sockets", sockets),
    ...detailsOf("single", single),
    ...detailsOf("batched", batched),
    lost: inAll("lost"),
    refused: inAll("refused"),
    misplaced: inAll("misplaced"),
    closed: inAll("closed"),
  };
}

/** What says why a path is as fast as it is. */
function detailsOf(path: string, { ackP50Ms = 0, ackP99Ms = 0, serverCpu = 0, loadCpu = 0 }: Measured): Measured {
  return {
    [`${path}AckP50Ms`]: ackP50Ms,
    [`${path}AckP99Ms`]: ackP99Ms,
    [`${path}ServerCpu`]: serverCpu,
    [`${path}LoadCpu`]: loadCpu,
  };
}
