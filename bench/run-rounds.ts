import { Presets, SingleBar } from "cli-progress";

import type { Rounds } from "./report/comparison";
import type { Scenario, Settings } from "./scenarios/scenario";
import { SCENARIOS } from "./scenarios/scenarios";
import type { Testbed } from "./testbed";

export interface RoundsOptions {
  rounds: number;
  /** Names of scenarios. */
  only: readonly string[];
  settingsOf(scenario: Scenario): Settings;
}

/** Where the output is no terminal, a line now and then. */
const LINE_INTERVAL_MS = 20_000;

/** Runs every candidate of every scenario in turn, and all of that again for each round, with a progress bar meanwhile. */
export async function runRounds(testbed: Testbed, options: RoundsOptions): Promise<Rounds> {
  const { rounds, only, settingsOf } = options;
  const scenarios = only.map((name) => [name, SCENARIOS[name] as Scenario] as const);
  const runs = rounds * scenarios.reduce((sum, [, { candidates }]) => sum + candidates.length, 0);
  const bar = new SingleBar(
    {
      format: "{bar} {value}/{total} | {duration_formatted} | {now}",
      ...{ noTTYOutput: true, notTTYSchedule: LINE_INTERVAL_MS, hideCursor: true },
    },
    Presets.shades_classic,
  );
  const results: Rounds = {};
  bar.start(runs, 0, { now: "" });
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const [name, scenario] of scenarios) {
        for (const candidate of scenario.candidates) {
          bar.update({ now: `round ${round}: ${name}, ${candidate}` });
          const measured = await scenario.run(testbed, candidate, settingsOf(scenario));
          results[name] ??= {};
          results[name][candidate] ??= [];
          results[name][candidate].push(measured);
          bar.increment();
        }
      }
    }
  } finally {
    bar.stop();
  }
  return results;
}
