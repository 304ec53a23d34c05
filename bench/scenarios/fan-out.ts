import type { CandidateName } from "../candidates/candidates";
import type { Testbed } from "../testbed";
import { joinRooms } from "./join-rooms";
import { measure } from "./measure";
import type { Measured, Scenario, Settings } from "./scenario";

const SETTINGS = { clients: 500, senders: 50, bytes: 100, answerEvery: 20, warmUp: 2, seconds: 6 };
const SMOKE = { clients: 10, senders: 5, answerEvery: 2, perSecond: 50, warmUp: 0.1, seconds: 0.3 };

/** One large room, at a rate that stock writes cannot follow. */
export const fanOut: Scenario = {
  summary: "one large room at a high rate",
  candidates: ["roomful", "plain", "ws-hub"],
  settings: { ...SETTINGS, perSecond: 1_000 },
  quick: { warmUp: 1, seconds: 2 },
  smoke: SMOKE,
  run,
  rows: [
    {
      value: "cpuUsPerDelivery",
      label: "500 clients, 1,000 msg/s: CPU a delivery",
      unit: "µs",
      better: "less",
      against: ["plain", "ws-hub"],
      targets: [{ atMost: 1.5 }],
    },
    {
      value: "p99Ms",
      label: "the same: delivery p99",
      unit: "ms",
      better: "less",
      against: [],
      targets: [{ atMost: 60 }],
    },
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

/** The same room with little to do. */
export const quiet: Scenario = {
  summary: "one large room at a low rate",
  candidates: ["roomful", "plain"],
  settings: { ...SETTINGS, answerEvery: 2, perSecond: 80 },
  quick: { warmUp: 1, seconds: 2 },
  smoke: SMOKE,
  run,
  rows: [
    {
      value: "p50Ms",
      label: "500 clients, 80 msg/s: delivery p50",
      unit: "ms",
      better: "less",
      against: ["plain"],
      targets: [{ of: "plain", atMost: 1 }],
    },
    {
      value: "p99Ms",
      label: "the same: delivery p99",
      unit: "ms",
      better: "less",
      against: ["plain"],
      targets: [{ of: "plain", atMost: 1 }],
    },
    {
      value: "serverCpu",
      label: "the same: server's CPU",
      unit: "cores",
      better: "less",
      against: ["plain"],
      targets: [{ of: "plain", atMost: 0.9 }],
    },
  ],
};

async function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  const { clients = 0, senders = 0, perSecond = 0, bytes = 0, answerEvery = 0, warmUp = 0, seconds = 0 } = settings;
  return testbed.withServer(candidate, async (server) => {
    await joinRooms(testbed, server, { rooms: 1, clients, senders, sampled: 10 });
    const plan = { kind: "paced", perSecond, bytes, answerEvery } as const;
    const { numbers } = await measure(testbed, server, { plan, warmUpSeconds: warmUp, seconds });
    return numbers;
  });
}
