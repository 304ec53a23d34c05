import type { CandidateName } from "../candidates/candidates";
import type { Testbed } from "../testbed";

export type Settings = Record<string, number>;

/** What one run has measured, by name. */
export type Measured = Record<string, number>;

/** A value that `compare` shows, and what it is to reach. */
export interface Row {
  /** Name in `Measured`. */
  value: string;
  label: string;
  unit: string;
  better: "less" | "more";
  /** Peers that Roomful's value is divided by. */
  against: CandidateName[];
  targets: Target[];
}

/** Of Roomful's value (`of` absent), or of its ratio to a peer's. */
export interface Target {
  of?: CandidateName;
  atMost?: number;
  atLeast?: number;
}

/** A question, answered for one candidate at a time with a server of its own. */
export interface Scenario {
  summary: string;
  candidates: CandidateName[];
  settings: Settings;
  /** What differs in a quick run, which still says something. */
  quick: Settings;
  /** What differs in a run that only shows that nothing is lost. */
  smoke: Settings;
  /** `lost`, where it is measured, is 0 unless the candidate was given more than it can do. */
  run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured>;
  rows: Row[];
}
