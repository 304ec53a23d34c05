import type { CandidateName } from "../candidates/candidates";
import type { Testbed } from "../testbed";
import { joinRooms } from "./join-rooms";
import { measure } from "./measure";
import { round } from "./numbers";
import type { Measured, Scenario, Settings } from "./scenario";

/** The highest rate in one large room at which everything is delivered, in time. */
export const fanOutPeak: Scenario = {
  summary: "the highest rate in one large room with all delivered and p99 in bounds",
  candidates: ["roomful", "plain", "ws-hub"],
  settings: {
    clients: 500,
    senders: 50,
    bytes: 100,
    from: 80,
    to: 10_000,
    maxP99: 100,
    precision: 0.1,
    probe: 1.2,
    seconds: 4,
  },
  quick: { precision: 0.2, probe: 0.8, seconds: 2 },
  smoke: { clients: 10, senders: 5, from: 100, to: 100, precision: 10, probe: 0.2, seconds: 0.3 },
  run,
  rows: [
    {
      value: "deliveriesPerSecond",
      label: "highest rate, all delivered, p99 ≤ 100 ms",
      unit: "deliveries/s",
      better: "more",
      against: ["plain", "ws-hub"],
      targets: [{ atLeast: 500_000 }, { of: "plain", atLeast: 8 }],
    },
  ],
};

/** A rate that just passed a short probe may be a little too high for a longer one. */
const STEP_BACK = 0.92;
const MAX_STEPS_BACK = 9;
const PATIENCE_MS = 1_000;

async function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  const { from = 0, to = 0, precision = 0, probe = 0, seconds = 0 } = settings;
  // Doubled until it fails, each on the server that the one before left well.
  let [passed, failed] = [0, to];
  await withRoom(async (holds) => {
    for (let rate = from; rate <= to; rate *= 2) {
      if (!(await holds(rate, probe))) {
        failed = rate;
        return;
      }
      passed = rate;
    }
  });
  // Halved between the two. One that failed leaves a backlog, hence the next begins with a new server.
  while (passed > 0 && failed / passed > 1 + precision) {
    const middle = Math.sqrt(passed * failed);
    const isHeld = await withRoom((holds) => holds(middle, probe));
    [passed, failed] = isHeld ? [middle, failed] : [passed, middle];
  }
  for (let step = 0; step <= MAX_STEPS_BACK; step += 1) {
    const numbers = await withRoom((holds) => holds(passed * STEP_BACK ** step, seconds));
    if (numbers) {
      return numbers;
    }
  }
  return { deliveriesPerSecond: 0, lost: 1 };

  type Holds = (perSecond: number, forSeconds: number) => Promise<Measured | undefined>;

  /** Gives a probe of one room: the numbers, if everything sent has come, and in time. */
  function withRoom<Result>(use: (holds: Holds) => Promise<Result>): Promise<Result> {
    const { clients = 0, senders = 0, bytes = 0, maxP99 = 0 } = settings;
    return testbed.withServer(candidate, async (server) => {
      await joinRooms(testbed, server, { rooms: 1, clients, senders, sampled: 10 });
      return use(async (perSecond, forSeconds) => {
        const plan = { kind: "paced", perSecond, bytes, answerEvery: 20 } as const;
        const { numbers } = await measure(testbed, server, {
          ...{ plan, warmUpSeconds: forSeconds / 4, seconds: forSeconds, patienceMs: PATIENCE_MS },
        });
        const { lost = 0, refused = 0, p99Ms = 0, sentPerSecond = 0 } = numbers;
        // The rate that was meant to be offered must have been, or the load's own limit would pass for the server's.
        const isHeld =
          lost === 0 && refused === 0 && p99Ms <= maxP99 && sentPerSecond >= perSecond * 0.97 - 1 / forSeconds;
        return isHeld ? { ...numbers, perSecond: round(perSecond, 1) } : undefined;
      });
    });
  }
}
