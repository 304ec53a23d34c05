import { readMetric } from "../../test/support/metrics";
import type { CandidateName } from "../candidates/candidates";
import type { ServerProcess } from "../candidates/server-process";
import type { Testbed } from "../testbed";
import { joinRooms } from "./join-rooms";
import { measure } from "./measure";
import { round } from "./numbers";
import type { Measured, Scenario, Settings } from "./scenario";

const WATCH_INTERVAL_MS = 100;
const CUTS = "roomful_slow_consumers_total";

/** Some of a room's clients stop reading: what the others feel, and what the server holds for them. */
export const slowReaders: Scenario = {
  summary: "some of a room's clients stop reading",
  candidates: ["roomful", "plain"],
  settings: { clients: 160, stalled: 40, senders: 10, perSecond: 120, bytes: 8_000, before: 3, seconds: 12 },
  quick: { before: 1, seconds: 6 },
  smoke: { clients: 12, stalled: 3, senders: 3, perSecond: 30, bytes: 1_000, before: 0.2, seconds: 0.3 },
  run,
  rows: [
    {
      value: "p99Ms",
      label: "40 of 160 clients stop reading: delivery p99 of the others",
      unit: "ms",
      better: "less",
      against: ["plain"],
      targets: [],
    },
    {
      value: "rssGrowthMb",
      label: "the same: growth of the server's RSS",
      unit: "MiB",
      better: "less",
      against: ["plain"],
      targets: [],
    },
  ],
};

async function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  const { clients = 0, stalled = 0, senders = 0, perSecond = 0, bytes = 0, before = 0, seconds = 0 } = settings;
  return testbed.withServer(candidate, async (server) => {
    await joinRooms(testbed, server, { rooms: 1, clients, senders, sampled: 10 });
    const plan = { kind: "paced", perSecond, bytes, answerEvery: 0 } as const;
    const { numbers: healthy } = await measure(testbed, server, { plan, warmUpSeconds: before, seconds: before });
    await testbed.load.stall(stalled);
    const watch = watchServer(server, candidate === "roomful", stalled);
    const { numbers } = await measure(testbed, server, { plan, warmUpSeconds: 0, seconds });
    const seen = await watch();
    return { ...numbers, p50BeforeMs: healthy["p50Ms"] ?? 0, p99BeforeMs: healthy["p99Ms"] ?? 0, ...seen };
  });
}

/** Looks at the server's memory, and at who was cut, until the function that it answers is called. */
function watchServer(server: ServerProcess, hasCuts: boolean, stalled: number): () => Promise<Measured> {
  const startKb = server.rssKb();
  const startedAtMs = performance.now();
  let maxKb = startKb;
  let cuts = 0;
  let allCutSeconds = 0;
  const look = async (): Promise<void> => {
    maxKb = Math.max(maxKb, server.rssKb());
    cuts = hasCuts ? await readMetric(server, CUTS) : 0;
    if (cuts >= stalled && allCutSeconds === 0) {
      allCutSeconds = round((performance.now() - startedAtMs) / 1_000, 2);
    }
  };
  const timer = setInterval(() => void look(), WATCH_INTERVAL_MS);
  return async () => {
    clearInterval(timer);
    await look();
    return { rssGrowthMb: round((maxKb - startKb) / 1024, 1), ...(hasCuts && { cuts, allCutSeconds }) };
  };
}
