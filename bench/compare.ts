import { compareRounds, type Rounds } from "./report/comparison";
import { drawComparison } from "./report/comparison-plot";
import { formatComparison } from "./report/comparison-table";
import { describeRun } from "./report/describe-run";
import { keepResult } from "./report/keep-result";
import { runRounds } from "./run-rounds";
import type { Scenario } from "./scenarios/scenario";
import { SCENARIOS } from "./scenarios/scenarios";
import { Testbed } from "./testbed";

export interface CompareOptions {
  rounds: number;
  only: string[];
  quick?: boolean;
  keep?: boolean;
  workers: number;
}

/** Measures Roomful beside its peers, prints the table, and keeps it with its plot when told so. */
export async function compare({ rounds, only, quick, keep, workers }: CompareOptions): Promise<void> {
  const settingsOf = ({ settings, quick: less }: Scenario) => (quick ? { ...settings, ...less } : settings);
  const testbed = await Testbed.start({ workers });
  const description = { ...describeRun(), cores: testbed.pinning.description };
  let measured: Rounds;
  try {
    measured = await runRounds(testbed, { rounds, only, settingsOf });
  } finally {
    await testbed.stop();
  }
  const rows = compareRounds(SCENARIOS, measured);
  console.log(formatComparison(rows));
  const settings = Object.fromEntries(only.map((name) => [name, settingsOf(SCENARIOS[name] as Scenario)]));
  const result = { scenario: "compare", ...description, rounds, settings, rows, measured };
  if (keep) {
    const subtitle = `medians of ${rounds} rounds; ${description.machine}; ${description.cores}; commit ${description.commit}`;
    console.log(keepResult(description.at, "compare.json", `${JSON.stringify(result, null, 2)}\n`));
    console.log(keepResult(description.at, "compare.svg", drawComparison(rows, subtitle)));
  }
}
