import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Presets, SingleBar } from "cli-progress";
import { Command, InvalidArgumentError } from "commander";

import { loadConfig } from "../config/load-config";
import { requirementsOf } from "../middleware/sign-token";
import type { Environment } from "./create-program";
import { addressBelow } from "./replay/address-below";
import { parseIrcLog } from "./replay/irc-log";
import { replay } from "./replay/replay";
import { formatReplayTable } from "./replay/replay-table";
import { RoomReplay } from "./replay/room-replay";
import { createTokenSource, type TokenSource } from "./replay/token-source";

interface ReplayCommandOptions {
  url?: string[];
  rate?: number;
  chaos?: boolean;
}

/** With `--chaos`, a connection lives so long on average. */
const CHAOS_CUT_EVERY_MS = 20_000;
const ENGINE_REFUSAL_STATUS = 400;

/** `roomful replay FILES...`: says real chat over real sockets, and counts what became of it. */
export function createReplayCommand(env: Environment): Command {
  return new Command("replay")
    .description("replay IRC logs through a running service: a file is a room, a nick a user")
    .argument("<files...>", "logs: `[hh:mm] <nick> text` a line; lines of another form are left out")
    .option("--url <url>", "the service; again for each further node (default: the local service)", collect)
    .option("--rate <perSecond>", "ceiling of messages a second, all speakers together", parseRate)
    .option("--chaos", "cut the speakers' connections at random while they talk")
    .addHelpText(
      "after",
      "\nTokens are signed with ROOMFUL_JWT_SECRET if it is set, and asked for at /dev/token otherwise." +
        "\nExit status 0: every line was sent, acknowledged and stored once, and every room is numbered 1 to N.",
    )
    .action(async (files: string[], { url: given, rate, chaos }: ReplayCommandOptions) => {
      const urls = given ?? [localUrl(env)];
      await Promise.all(urls.map(checkService));
      const runId = randomBytes(4).toString("hex");
      const replays = await Promise.all(files.map((file, index) => readReplay(file, `irc-${runId}-${index + 1}`)));

      const bar = new SingleBar(
        { format: "{bar} {percentage}% | {value} of {total} lines | {duration_formatted}", noTTYOutput: true },
        Presets.shades_classic,
      );
      bar.start(
        replays.reduce((sum, { log }) => sum + log.speeches.length, 0),
        0,
      );
      const startedAtMs = performance.now();
      const cuts = await replay(replays, {
        urls,
        rate,
        cutEveryMs: chaos ? CHAOS_CUT_EVERY_MS : undefined,
        tokens: tokensOf(env),
        runId,
        onAnswered: () => bar.increment(),
      }).finally(() => bar.stop());

      console.log(formatReplayTable(replays));
      report(replays, cuts, (performance.now() - startedAtMs) / 1_000);
    });
}

async function readReplay(file: string, room: string): Promise<RoomReplay> {
  return new RoomReplay(basename(file), room, parseIrcLog(await readFile(file, "utf8")));
}

/** Only what is said of tokens is looked at: the service may be configured, and run, elsewhere. */
function tokensOf(env: Environment): TokenSource {
  const { jwt } = loadConfig(
    Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("ROOMFUL_JWT_"))),
  );
  return createTokenSource(jwt.secret[0], requirementsOf(jwt));
}

function localUrl(env: Environment): string {
  return `http://127.0.0.1:${env["PORT"]?.trim() || 3000}${env["ROOMFUL_BASE_PATH"]?.trim() ?? ""}`;
}

/** Asks where sockets connect: a proxy need not let anything else through, and `/readyz` is never below a base path. */
async function checkService(url: string): Promise<void> {
  const response = await fetch(addressBelow(url, "socket.io/")).catch((cause: unknown) => {
    throw new Error(`No service answers at ${url}. Start one with \`npm start\`, or name it with --url.`, { cause });
  });
  // Engine.IO's refusal of a request that is none of a client.
  if (response.status !== ENGINE_REFUSAL_STATUS) {
    throw new Error(
      `There is no Socket.IO at ${response.url} (status ${response.status}). Has the service a base path?`,
    );
  }
}

function report(replays: readonly RoomReplay[], cuts: number, seconds: number): void {
  const sum = (count: (each: RoomReplay) => number): number => replays.reduce((total, each) => total + count(each), 0);
  console.log(
    `${sum(({ log }) => log.notSpeech)} lines were no speech and ${sum(({ log }) => log.empty)} were empty; ` +
      `${cuts} connections were cut; it took ${seconds.toFixed(1)} s.`,
  );
  for (const { title, refused } of replays) {
    for (const [code, count] of refused) {
      console.error(`roomful: ${title}: ${count} lines failed with ${code}`);
    }
  }
  const broken = replays.filter(({ isComplete }) => !isComplete);
  if (broken.length > 0) {
    console.error(`roomful: not complete: ${broken.map(({ title }) => title).join(", ")}`);
    process.exitCode = 1;
  } else {
    console.log("Nothing is missing: every line is stored once, under the number that was acknowledged.");
  }
}

function collect(url: string, urls: string[] = []): string[] {
  if (!URL.canParse(url)) {
    throw new InvalidArgumentError("Expected an address such as http://127.0.0.1:3000.");
  }
  return [...urls, url];
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0)) {
    throw new InvalidArgumentError("Expected a number above 0.");
  }
  return rate;
}
