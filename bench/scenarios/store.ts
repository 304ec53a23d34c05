import { setTimeout as delay } from "node:timers/promises";

import type { CandidateName } from "../candidates/candidates";
import type { ServerProcess } from "../candidates/server-process";
import type { Testbed } from "../testbed";
import { fillTables } from "./fill-tables";
import { joinRooms } from "./join-rooms";
import { measure } from "./measure";
import { round } from "./numbers";
import type { Measured, Scenario, Settings } from "./scenario";

/** How much is stored and acknowledged by senders who wait for little, into tables that have grown. */
export const store: Scenario = {
  summary: "committed and acknowledged messages a second, into tables that have grown",
  candidates: ["roomful", "plain", "pg-batch"],
  settings: { rooms: 50, window: 40, bytes: 100, rows: 500_000, warmUp: 2, seconds: 6 },
  quick: { rows: 50_000, warmUp: 1, seconds: 2 },
  smoke: { rooms: 3, window: 4, rows: 1_000, warmUp: 0.1, seconds: 0.3 },
  run,
  rows: [
    {
      value: "acknowledgedPerSecond",
      label: "committed and acknowledged",
      unit: "msg/s",
      better: "more",
      against: ["plain", "pg-batch"],
      targets: [{ atLeast: 12_000 }, { of: "plain", atLeast: 9 }],
    },
  ],
};

async function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  const { rooms = 0, window = 0, bytes = 0, rows = 0, warmUp = 0, seconds = 0 } = settings;
  const template = await testbed.template(`${rows} rows in ${rooms} rooms`, (url) =>
    fillTables(url, { rows, rooms, bytes }),
  );
  return testbed.withServer(
    candidate,
    async (server) => {
      if (candidate === "pg-batch") {
        return measureBatches(server, warmUp, seconds);
      }
      await joinRooms(testbed, server, { rooms, clients: rooms, senders: rooms, sampled: rooms });
      const plan = { kind: "window", window, bytes } as const;
      const { numbers } = await measure(testbed, server, { plan, warmUpSeconds: warmUp, seconds });
      return numbers;
    },
    { template, env: { BENCH_BYTES: String(bytes) } },
  );
}

/** It has no clients: it begins by itself, and says how many it has committed. */
async function measureBatches(server: ServerProcess, warmUp: number, seconds: number): Promise<Measured> {
  const readCommitted = async (): Promise<number> => Number(await (await fetch(`${server.url}/committed`)).text());
  await delay(warmUp * 1_000);
  const before = await readCommitted();
  const [startedAtMs, cpuBeforeMs] = [performance.now(), server.cpuMs()];
  await delay(seconds * 1_000);
  const passedMs = performance.now() - startedAtMs;
  const acknowledged = (await readCommitted()) - before;
  return {
    acknowledgedPerSecond: Math.round(acknowledged / (passedMs / 1_000)),
    serverCpu: round((server.cpuMs() - cpuBeforeMs) / passedMs, 3),
    lost: acknowledged > 0 ? 0 : 1,
  };
}
