import type { CandidateName } from "../candidates/candidates";
import type { Testbed } from "../testbed";
import { joinRooms } from "./join-rooms";
import { measure } from "./measure";
import type { Measured, Scenario, Settings } from "./scenario";

/** A chat at its ordinary work: many rooms, everybody speaks, all is stored and acknowledged. */
export const rooms: Scenario = {
  summary: "many rooms in which everybody speaks; all stored and acknowledged",
  candidates: ["roomful", "plain"],
  settings: { rooms: 50, clients: 1_000, perSecond: 1_000, bytes: 100, warmUp: 2, seconds: 6 },
  quick: { warmUp: 1, seconds: 2 },
  smoke: { rooms: 3, clients: 9, perSecond: 60, warmUp: 0.1, seconds: 0.3 },
  run,
  rows: [
    {
      value: "serverCpu",
      label: "50 rooms x 20 clients x 20 msg/s: server's CPU",
      unit: "cores",
      better: "less",
      against: ["plain"],
      targets: [{ of: "plain", atMost: 0.5 }],
    },
    {
      value: "ackP99Ms",
      label: "the same: acknowledgement p99",
      unit: "ms",
      better: "less",
      against: ["plain"],
      targets: [{ atMost: 60 }],
    },
    { value: "p99Ms", label: "the same: delivery p99", unit: "ms", better: "less", against: ["plain"], targets: [] },
    {
      value: "lost",
      label: "the same: not delivered",
      unit: "",
      better: "less",
      against: [],
      targets: [{ atMost: 0 }],
    },
  ],
};

async function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  const { rooms: count = 0, clients = 0, perSecond = 0, bytes = 0, warmUp = 0, seconds = 0 } = settings;
  return testbed.withServer(candidate, async (server) => {
    await joinRooms(testbed, server, { rooms: count, clients, senders: clients, sampled: count * 2 });
    const plan = { kind: "paced", perSecond, bytes, answerEvery: 1 } as const;
    const { numbers } = await measure(testbed, server, { plan, warmUpSeconds: warmUp, seconds });
    return numbers;
  });
}
