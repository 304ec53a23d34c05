import type { CandidateName } from "../candidates/candidates";
import type { Measured, Row, Scenario, Target } from "../scenarios/scenario";

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export interface ComparedRow {
  scenario: string;
  label: string;
  unit: string;
  better: Row["better"];
  /** Roomful's. */
  value: Spread;
  peers: {
    name: CandidateName;
    value: Spread;
    /** Roomful's value divided by the peer's, each within one round; absent where one of them is 0. */
    ratio?: Spread;
  }[];
  targets: { text: string; reached: boolean }[];
}

/** Of each scenario, by candidate, what each round has measured. */
export type Rounds = Record<string, Partial<Record<CandidateName, Measured[]>>>;

/** Every row of the scenarios that were run: medians, ratios within a round, and whether they are what they are to be. */
export function compareRounds(scenarios: Record<string, Scenario>, rounds: Rounds): ComparedRow[] {
  return Object.entries(rounds).flatMap(([name, measured]) =>
    (scenarios[name]?.rows ?? []).map((row) => compareRow(name, row, measured)),
  );
}

function compareRow(scenario: string, row: Row, measured: Rounds[string]): ComparedRow {
  const { label, unit, better, against, targets } = row;
  const valuesOf = (name: CandidateName): number[] => (measured[name] ?? []).map((each) => each[row.value] ?? 0);
  const ours = valuesOf("roomful");
  const value = spreadOf(ours);
  const peers = against.map((name) => {
    const theirs = valuesOf(name);
    const ratios = ours.flatMap((each, round) => (each > 0 && theirs[round] ? [each / theirs[round]] : []));
    return { name, value: spreadOf(theirs), ...(ratios.length > 0 && { ratio: spreadOf(ratios) }) };
  });
  return {
    ...{ scenario, label, unit, better, value, peers },
    targets: targets.map((target) => {
      const judged = target.of ? peers.find(({ name }) => name === target.of)?.ratio : value;
      return { text: textOf(target, unit), reached: judged !== undefined && isReached(target, judged) };
    }),
  };
}

/** By the median; where nothing at all is allowed, by each round. */
function isReached({ atMost, atLeast }: Target, { median, max }: Spread): boolean {
  const isBelow = atMost === undefined || (atMost === 0 ? max : median) <= atMost;
  return isBelow && (atLeast === undefined || median >= atLeast);
}

function textOf({ of, atMost, atLeast }: Target, unit: string): string {
  const bound = atMost === undefined ? `≥ ${atLeast?.toLocaleString("en")}` : `≤ ${atMost.toLocaleString("en")}`;
  return of ? `${bound} x ${of}` : `${bound} ${unit}`.trim();
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (index: number): number => sorted[index] ?? 0;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  };
}

/** With as many digits as say something. */
export function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}
