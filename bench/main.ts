import { Command, InvalidArgumentError } from "commander";

import { CANDIDATES, type CandidateName } from "./candidates/candidates";
import { compare } from "./compare";
import { FAULTS } from "./faults/faults";
import { describeRun } from "./report/describe-run";
import { keepResult } from "./report/keep-result";
import type { Measured, Scenario, Settings } from "./scenarios/scenario";
import { SCENARIOS } from "./scenarios/scenarios";
import { smoke } from "./smoke";
import { Testbed } from "./testbed";

type Report = ReturnType<typeof describeRun> & Record<string, unknown>;

const NAMES = Object.keys(SCENARIOS);

async function main(): Promise<void> {
  const program = new Command("bench").description("what the built service costs and stands, on loopback");
  program
    .command("compare")
    .description("measure everything beside its peers, in turn, and print a table with what is to be reached")
    .option("--rounds <number>", "how often", Number, 3)
    .option("--only <names>", "some scenarios, by commas", namesIn(NAMES), NAMES)
    .option("--quick", "shorter and smaller, for a first look")
    .option("--keep", "write JSON and a plot to bench/results")
    .option("--workers <number>", "load workers", Number, 1)
    .action(compare);
  program
    .command("smoke")
    .description("run everything at a tiny size, and fail when something is lost")
    .option("--only <names>", "some scenarios, by commas", namesIn(NAMES), NAMES)
    .action(({ only }) => smoke(only));
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    addCommand(program, name, scenario)
      .option("--candidates <names>", "some, by commas", namesIn(Object.keys(CANDIDATES)), scenario.candidates)
      .option("--workers <number>", "load workers", Number, 1)
      .option("--profile <folder>", "servers write a profile of their processor time at their end")
      .action(({ keep, candidates, workers, profile, ...settings }) =>
        runScenario(name, scenario, { keep, candidates, workers, profile, settings }),
      );
  }
  for (const [name, fault] of Object.entries(FAULTS)) {
    addCommand(program, name, fault).action(async ({ keep, ...settings }: Settings & { keep?: boolean }) => {
      const result = await fault.run(settings as Settings);
      report(name, { scenario: name, ...describeRun(), settings, result }, keep);
    });
  }
  await program.parseAsync();
}

interface ScenarioOptions {
  keep?: boolean;
  candidates: CandidateName[];
  workers: number;
  profile?: string;
  settings: Settings;
}

async function runScenario(name: string, scenario: Scenario, options: ScenarioOptions): Promise<void> {
  const { keep, candidates, workers, profile, settings } = options;
  const testbed = await Testbed.start({ workers, ...(profile && { profileDir: profile }) });
  try {
    const result: Record<string, Measured> = {};
    for (const candidate of candidates) {
      result[candidate] = await scenario.run(testbed, candidate, settings);
    }
    const cores = testbed.pinning.description;
    report(name, { scenario: name, ...describeRun(), cores, settings, result }, keep);
  } finally {
    await testbed.stop();
  }
}

/** One with an option for each of its settings. */
function addCommand(program: Command, name: string, of: { summary: string; settings: Settings }): Command {
  const command = program.command(name).description(of.summary).option("--keep", "write the result to bench/results");
  for (const [setting, value] of Object.entries(of.settings)) {
    command.option(`--${setting} <number>`, "", Number, value);
  }
  return command;
}

/** One JSON line; kept when told so. */
function report(name: string, result: Report, keep: boolean | undefined): void {
  console.log(JSON.stringify(result));
  if (keep) {
    keepResult(result.at, `${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
  }
}

function namesIn(known: readonly string[]) {
  return (text: string): string[] => {
    const names = text.split(",");
    const unknown = names.filter((name) => !known.includes(name));
    if (unknown.length > 0) {
      throw new InvalidArgumentError(`${unknown.join(", ")}: expected some of ${known.join(", ")}`);
    }
    return names;
  };
}

main().then(
  () => process.exit(process.exitCode ?? 0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
