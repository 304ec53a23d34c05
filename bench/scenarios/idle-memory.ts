import { setTimeout as delay } from "node:timers/promises";

import type { CandidateName } from "../candidates/candidates";
import type { Testbed } from "../testbed";
import { joinRooms } from "./join-rooms";
import { round } from "./numbers";
import type { Measured, Scenario, Settings } from "./scenario";

/** What a client costs who is there and says nothing. */
export const idleMemory: Scenario = {
  summary: "the server's memory for clients that are there and say nothing",
  candidates: ["roomful", "plain"],
  // Long enough for V8 to see that nothing happens, and to give back what it holds.
  settings: { clients: 4_000, rooms: 200, settle: 10 },
  quick: { clients: 1_500, rooms: 75, settle: 5 },
  smoke: { clients: 12, rooms: 3, settle: 0.1 },
  run,
  rows: [
    {
      value: "rssKbPerClient",
      label: "idle client: RSS",
      unit: "KiB",
      better: "less",
      against: ["plain"],
      targets: [{ of: "plain", atMost: 1.15 }],
    },
  ],
};

async function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  const { clients = 0, rooms = 0, settle = 0 } = settings;
  return testbed.withServer(candidate, async (server) => {
    const emptyKb = server.rssKb();
    await joinRooms(testbed, server, { rooms, clients, senders: 0, sampled: 0 });
    const cpuBeforeMs = server.cpuMs();
    await delay(settle * 1_000);
    const cpuMs = server.cpuMs() - cpuBeforeMs;
    const { closed } = await testbed.load.count();
    return {
      rssKbPerClient: round((server.rssKb() - emptyKb) / clients, 2),
      rssMb: round(server.rssKb() / 1024, 1),
      emptyRssMb: round(emptyKb / 1024, 1),
      idleCpu: round(cpuMs / (settle * 1_000), 4),
      lost: closed,
    };
  });
}
