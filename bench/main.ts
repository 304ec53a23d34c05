import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { Command } from "commander";

import { commitRate } from "./scenarios/commit-rate";
import { killNine } from "./scenarios/kill-nine";
import { nodeDies } from "./scenarios/node-dies";
import { postgresPaused } from "./scenarios/postgres-paused";
import { redisDown } from "./scenarios/redis-down";
import { rollingRestart } from "./scenarios/rolling-restart";
import { stalledClients } from "./scenarios/stalled-clients";

type Settings = Record<string, number>;

interface Scenario {
  summary: string;
  defaults: Settings;
  run(settings: Settings): Promise<object>;
}

const SCENARIOS: Record<string, Scenario> = {
  "commit-rate": {
    summary: "committed and acknowledged messages a second",
    defaults: { rooms: 50, senders: 50, window: 40, bytes: 100, seconds: 15 },
    run: commitRate,
  },
  "kill-nine": {
    summary: "kill -9 of the node, again and again, under senders who retry",
    defaults: { kills: 20, senders: 40, rooms: 10 },
    run: killNine,
  },
  "node-dies": {
    summary: "kill -9 of one of two nodes with many members of a room",
    defaults: { members: 500 },
    run: nodeDies,
  },
  "redis-down": {
    summary: "Redis killed under load; readers on one node, senders on the other",
    defaults: { seconds: 60, before: 15, after: 15, senders: 50, readers: 100, rooms: 50, perSecond: 100 },
    run: redisDown,
  },
  "rolling-restart": {
    summary: "two nodes stopped and started in turn, under senders who retry",
    defaults: { rounds: 5, senders: 40, rooms: 10 },
    run: rollingRestart,
  },
  "postgres-paused": {
    summary: "Postgres stopped (SIGSTOP) under load",
    defaults: { seconds: 60, before: 20, after: 20, senders: 100, readers: 100, rooms: 50, perSecond: 100 },
    run: postgresPaused,
  },
  "stalled-clients": {
    summary: "some of a room's clients stop reading while much is sent",
    defaults: { clients: 300, stalled: 100, megabytes: 6 },
    run: stalledClients,
  },
};

/** Runs one scenario and prints one JSON line; `--keep` writes it into bench/results too. */
async function main(): Promise<void> {
  const program = new Command("bench").description("load and fault scenarios against the built service, on loopback");
  for (const [name, { summary, defaults, run }] of Object.entries(SCENARIOS)) {
    const command = program.command(name).description(summary).option("--keep", "write the result to bench/results");
    for (const [setting, value] of Object.entries(defaults)) {
      command.option(`--${setting} <number>`, "", Number, value);
    }
    command.action(async ({ keep, ...settings }: Settings & { keep?: boolean }) => {
      const report = { scenario: name, ...describeMachine(), settings, result: await run(settings as Settings) };
      console.log(JSON.stringify(report));
      if (keep) {
        mkdirSync("bench/results", { recursive: true });
        writeFileSync(`bench/results/${report.at.slice(0, 10)}-${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
      }
    });
  }
  await program.parseAsync();
}

function describeMachine() {
  const git = (...args: string[]): string => execFileSync("git", args).toString().trim();
  return {
    at: new Date().toISOString(),
    commit: git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "src") ? " and changes" : ""),
    command: `npm run bench -- ${process.argv.slice(2).join(" ")}`,
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB; load, service and Postgres on it`,
  };
}

main().then(
  () => process.exit(process.exitCode ?? 0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
