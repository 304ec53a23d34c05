import { setTimeout as delay } from "node:timers/promises";

import type { CandidateName } from "../candidates/candidates";
import type { Testbed } from "../testbed";
import { joinRooms } from "./join-rooms";
import { round } from "./numbers";
import type { Measured, Scenario, Settings } from "./scenario";

const WARM_UP_ROOMS = 10;
/** Of those who warmed it up and left, nothing is heard any more after this. */
const QUIET_MS = 1_000;

/** Everybody comes at once, as after a restart of what stands before the server: handshake, token, join. */
export const connectStorm: Scenario = {
  summary: "many clients connect and join at once",
  candidates: ["roomful", "plain", "plain-keyobject"],
  settings: { clients: 4_000, rooms: 200, concurrency: 64, warmUpClients: 400 },
  quick: { clients: 1_500, rooms: 75 },
  smoke: { clients: 12, rooms: 3, warmUpClients: 4 },
  run,
  rows: [
    {
      value: "clientsPerSecond",
      label: "connect + join, 4,000 clients",
      unit: "clients/s",
      better: "more",
      against: ["plain", "plain-keyobject"],
      targets: [
        { of: "plain", atLeast: 2 },
        { of: "plain-keyobject", atLeast: 0.9 },
      ],
    },
    {
      value: "cpuMsPerClient",
      label: "the same: CPU a client",
      unit: "ms",
      better: "less",
      against: ["plain", "plain-keyobject"],
      targets: [],
    },
  ],
};

async function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  const { clients = 0, rooms = 0, concurrency = 0, warmUpClients = 0 } = settings;
  return testbed.withServer(candidate, async (server) => {
    const ofNobody = { senders: 0, sampled: 0, concurrency };
    await joinRooms(testbed, server, { rooms: WARM_UP_ROOMS, clients: warmUpClients, name: "early", ...ofNobody });
    await testbed.load.close();
    await delay(QUIET_MS);
    const cpuBeforeMs = server.cpuMs();
    const seconds = await joinRooms(testbed, server, { rooms, clients, ...ofNobody });
    const cpuMs = server.cpuMs() - cpuBeforeMs;
    const { closed } = await testbed.load.count();
    return {
      clientsPerSecond: Math.round(clients / seconds),
      cpuMsPerClient: round(cpuMs / clients, 4),
      seconds: round(seconds, 3),
      lost: closed,
    };
  });
}
