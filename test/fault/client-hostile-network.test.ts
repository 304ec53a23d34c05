import { type BatchKind, runHostileBatch } from "../support/hostile-batch";
import { tries } from "../support/tries";

/** One batch of each kind; `ROOMFUL_HOSTILE_RUNS=1000` for more, `ROOMFUL_HOSTILE_SEED` begins with another number. */
const RUNS = Number(process.env["ROOMFUL_HOSTILE_RUNS"] ?? tries({ few: 30, many: 100 }));
const FIRST_SEED = Number(process.env["ROOMFUL_HOSTILE_SEED"] ?? 1);
const KINDS: readonly BatchKind[] = ["two nodes", "one node", "strict"];
const BATCH_SIZE = Math.min(25, Math.ceil(RUNS / KINDS.length));

const batches = Array.from({ length: Math.ceil(RUNS / BATCH_SIZE) }, (_, batch) => ({
  kind: KINDS[batch % KINDS.length] as BatchKind,
  first: FIRST_SEED + batch * BATCH_SIZE,
  size: Math.min(BATCH_SIZE, RUNS - batch * BATCH_SIZE),
}));

it.each(batches)(
  "holds the table in every reader, and settles every send truthfully: $kind, $size seeds from $first",
  async ({ kind, first, size }) => {
    const seeds = Array.from({ length: size }, (_, index) => first + index);

    const report = await runHostileBatch(kind, seeds);

    console.info(JSON.stringify({ kind, first, ...report }));
    expect(report.failures).toEqual([]);
    expect(report.stored).toBeGreaterThanOrEqual(report.sends - report.refused);
    // The network was as hostile as it was meant to be.
    expect(Math.min(report.faults.cuts, report.faults.lost, report.faults.repeated)).toBeGreaterThan(0);
  },
);
