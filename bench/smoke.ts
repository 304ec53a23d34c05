import type { CandidateName } from "./candidates/candidates";
import type { Measured, Scenario } from "./scenarios/scenario";
import { SCENARIOS } from "./scenarios/scenarios";
import { Testbed } from "./testbed";

/** Nothing is timed, hence nothing has to wait for the others. */
const LANES = 2;
/** Two, so that what is counted in several is put together too. */
const WORKERS = 2;
/** Numbers that say that something went wrong. */
const FAULTS = ["lost", "refused", "misplaced", "closed"];

/** Runs every candidate of the scenarios once, at a tiny size. Rejects when something was lost; says nothing about times. */
export async function smoke(names: readonly string[]): Promise<void> {
  const waiting = names.flatMap((name) => {
    const scenario = SCENARIOS[name] as Scenario;
    return scenario.candidates.map((candidate) => ({ name, scenario, candidate }));
  });
  const count = waiting.length;
  const faults: string[] = [];
  const lane = async (): Promise<void> => {
    const testbed = await Testbed.start({ workers: WORKERS });
    try {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { name, scenario, candidate } = next;
        const measured = await runTiny(testbed, scenario, candidate);
        faults.push(...faultsOf(measured).map((fault) => `${name}, ${candidate}: ${fault}`));
      }
    } finally {
      await testbed.stop();
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (faults.length > 0) {
    throw new Error(`something went wrong:\n${faults.join("\n")}`);
  }
  console.log(`${count} runs of ${names.length} scenarios: nothing was lost.`);
}

function runTiny(testbed: Testbed, scenario: Scenario, candidate: CandidateName): Promise<Measured> {
  return scenario.run(testbed, candidate, { ...scenario.settings, ...scenario.smoke });
}

function faultsOf(measured: Measured): string[] {
  return FAULTS.filter((name) => (measured[name] ?? 0) !== 0).map((name) => `${name} ${measured[name]}`);
}
