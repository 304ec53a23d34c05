import { setTimeout as delay } from "node:timers/promises";

import { startTestServer, type TestServer } from "../../src/testing";
import { readTable } from "../../src/testing/room-table";
import type { FaultCounts } from "./hostile-network";
import { addCounts, HostileRun } from "./hostile-run";

/** What happens to the nodes while people talk; rooms of the same batch share it. */
export type BatchKind = "one node" | "two nodes" | "strict";

export interface HostileBatchReport {
  runs: number;
  sends: number;
  refused: number;
  stored: number;
  restarts: number;
  faults: FaultCounts;
  /** By seed. */
  failures: string[];
}

const SECRET = "a secret of nodes that come and go, long enough";
/** Not how fast it must be: how long until it counts as never. */
const PATIENCE_MS = 60_000;

/**
 * Runs these seeds at the same time, on nodes of which one is killed and one drained meanwhile, each with another
 * one started in its place.
 */
export async function runHostileBatch(kind: BatchKind, seeds: readonly number[]): Promise<HostileBatchReport> {
  const base = await startTestServer({ config: configOf(), redis: kind === "two nodes" });
  const nodes: TestServer[] = [base];
  const started: TestServer[] = [base];
  let restarts = 0;

  function configOf(redisUrl?: string) {
    return {
      jwt: { secret: [SECRET] },
      ...(kind === "strict" && { delivery: "strict" as const }),
      ...(redisUrl !== undefined && { redis: { url: redisUrl } }),
    };
  }

  async function startNode(): Promise<void> {
    const node = await startTestServer({ config: configOf(base.redis?.url), database: base.database, redis: false });
    started.push(node);
    nodes.push(node);
  }

  async function replace(how: "kill" | "drain"): Promise<void> {
    const gone = nodes.shift();
    restarts += 1;
    // While one goes the other comes, as when a new version is rolled out.
    await Promise.all([gone?.[how](), startNode()]);
  }

  const runs = seeds.map(
    (seed) =>
      new HostileRun({
        seed,
        pickUrl: (random) => nodes[Math.floor(random() * nodes.length)]?.url ?? base.url,
        mint: (userId) => base.tokens.mint({ userId }),
      }),
  );
  try {
    if (kind === "two nodes") {
      await startNode();
    }
    const talks = Promise.all(runs.map((run) => run.begin()));
    await delay(600);
    for (const run of runs) {
      void run.quit();
    }
    await delay(20);
    await replace("kill");
    await replace("drain");
    await talks;
    // Nodes take their time to come; only now is everybody sure to be on the network that is to be suffered.
    await Promise.all(runs.map((run) => run.talk()));
    const reports = await within(Promise.all(runs.map((run) => run.settle())));
    const failures = await waitForAgreement(runs, base.database);
    const rows = await readTable(base.database);
    return {
      ...{ runs: runs.length, restarts, stored: rows.length, failures },
      sends: reports.reduce((sum, { sends }) => sum + sends, 0),
      refused: reports.reduce((sum, { refused }) => sum + refused, 0),
      faults: reports.map(({ faults }) => faults).reduce(addCounts),
    };
  } finally {
    for (const run of runs) {
      run.close();
    }
    for (const node of started.toReversed()) {
      await node.close();
    }
  }
}

/** Looks until everybody has what the table has; answers what is still wrong when patience is at its end. */
async function waitForAgreement(runs: readonly HostileRun[], database: string): Promise<string[]> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const rows = await readTable(database);
    const failures = runs.flatMap((run) =>
      run.faults(rows.filter(({ room }) => room === run.room)).map((fault) => `${run.room}: ${fault}`),
    );
    if (failures.length === 0 || performance.now() > deadlineMs) {
      return failures;
    }
    await delay(100);
  }
}

async function within<Result>(promise: Promise<Result>): Promise<Result> {
  const timeout = new AbortController();
  const late = delay(PATIENCE_MS, undefined, { signal: timeout.signal }).then(() => {
    throw new Error("a send has not settled");
  });
  late.catch(() => {
    // Aborted: all was in time.
  });
  return Promise.race([promise, late]).finally(() => timeout.abort());
}
