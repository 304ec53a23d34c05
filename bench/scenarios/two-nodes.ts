import { RedisServer } from "../../src/testing/redis-server";
import type { CandidateName } from "../candidates/candidates";
import type { ServerProcess } from "../candidates/server-process";
import type { Testbed } from "../testbed";
import { joinRooms } from "./join-rooms";
import { measure } from "./measure";
import { percentile, round } from "./numbers";
import type { Measured, Scenario, Settings } from "./scenario";

/** Rooms with clients on two nodes, which share one core: what the way over Redis adds. */
export const twoNodes: Scenario = {
  summary: "two nodes over Redis: from one to the other, and on the same",
  candidates: ["roomful"],
  settings: { rooms: 20, clients: 100, perSecond: 200, bytes: 100, warmUp: 2, seconds: 6 },
  quick: { warmUp: 1, seconds: 3 },
  smoke: { rooms: 2, clients: 4, perSecond: 50, warmUp: 0.1, seconds: 0.3 },
  run,
  rows: [
    {
      value: "crossP99Ms",
      label: "two nodes over Redis, 200 msg/s: cross-node p99",
      unit: "ms",
      better: "less",
      against: [],
      targets: [],
    },
    {
      value: "addedP99Ms",
      label: "the same: more than same-node p99",
      unit: "ms",
      better: "less",
      against: [],
      targets: [{ atMost: 10 }],
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

async function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  const { rooms = 0, clients = 0, perSecond = 0, bytes = 0, warmUp = 0, seconds = 0 } = settings;
  const redis = await RedisServer.start();
  try {
    return await testbed.withServers(
      [candidate, candidate],
      async (nodes) => {
        const [here, there] = nodes as [ServerProcess, ServerProcess];
        await joinRooms(testbed, there, { rooms, clients, senders: 0, sampled: clients, name: "there" });
        await joinRooms(testbed, here, { rooms, clients, senders: rooms, sampled: clients, name: "here" });
        const plan = { kind: "paced", perSecond, bytes, answerEvery: 1 } as const;
        const { numbers, reading } = await measure(testbed, here, { plan, warmUpSeconds: warmUp, seconds });
        const sameP99Ms = percentile(reading.latenciesUs["here"] ?? [], 0.99);
        const crossP99Ms = percentile(reading.latenciesUs["there"] ?? [], 0.99);
        return { ...numbers, sameP99Ms, crossP99Ms, addedP99Ms: round(crossP99Ms - sameP99Ms, 2) };
      },
      { env: { REDIS_URL: redis.url } },
    );
  } finally {
    await redis.stop();
  }
}
