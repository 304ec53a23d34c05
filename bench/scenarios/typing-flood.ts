import type { CandidateName } from "../candidates/candidates";
import type { Testbed } from "../testbed";
import { joinRooms } from "./join-rooms";
import { measure } from "./measure";
import { round } from "./numbers";
import type { Measured, Scenario, Settings } from "./scenario";

/** Everybody types, and says so again and again. */
export const typingFlood: Scenario = {
  summary: "many users of large rooms say that they type, again and again",
  candidates: ["roomful", "plain"],
  settings: { rooms: 4, clients: 400, perSecond: 400, warmUp: 1, seconds: 6 },
  quick: { seconds: 3 },
  smoke: { rooms: 2, clients: 10, perSecond: 50, warmUp: 0.1, seconds: 0.3 },
  run,
  rows: [
    {
      value: "cpuUsPerTyping",
      label: "400 users type in 4 rooms: CPU an event offered",
      unit: "µs",
      better: "less",
      against: ["plain"],
      targets: [],
    },
  ],
};

async function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  const { rooms = 0, clients = 0, perSecond = 0, warmUp = 0, seconds = 0 } = settings;
  return testbed.withServer(candidate, async (server) => {
    await joinRooms(testbed, server, { rooms, clients, senders: clients, sampled: 0 });
    const plan = { kind: "typing", perSecond } as const;
    const { numbers, reading } = await measure(testbed, server, { plan, warmUpSeconds: warmUp, seconds });
    const { serverCpu = 0, loadCpu = 0, lost = 0, closed = 0 } = numbers;
    return {
      ...{ serverCpu, loadCpu, closed },
      cpuUsPerTyping: round((serverCpu * seconds * 1e6) / reading.typingsSent, 1),
      offeredPerSecond: Math.round(reading.typingsSent / seconds),
      forwardedPerSecond: Math.round(reading.typings / seconds),
      // None has to arrive, but if none did, nothing was measured.
      lost: reading.typings > 0 ? lost : 1,
    };
  });
}
