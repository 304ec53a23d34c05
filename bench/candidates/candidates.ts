import { join } from "node:path";

export interface Candidate {
  /** The script to run. */
  entry: string;
  env?: Record<string, string>;
}

const peer = (name: string): string => join(__dirname, "../peers", `${name}.js`);

/** What is measured: Roomful as it is built, and what it is compared with. Each file of a peer says what it is. */
export const CANDIDATES = {
  roomful: {
    entry: join(process.cwd(), "dist/src/main.js"),
    env: { ROOMFUL_RATE_LIMITS: "off", ROOMFUL_LOG_LEVEL: "error" },
  },
  plain: { entry: peer("plain") },
  "plain-keyobject": { entry: peer("plain"), env: { BENCH_KEY_OBJECT: "1" } },
  "ws-hub": { entry: peer("ws-hub") },
  "pg-batch": { entry: peer("pg-batch") },
} satisfies Record<string, Candidate>;

export type CandidateName = keyof typeof CANDIDATES;
