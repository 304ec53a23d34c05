import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

import { checkContract } from "../../test/support/contract";
import { readMetric } from "../../test/support/metrics";
import { RetryingSender } from "../../test/support/retrying-sender";
import { CountingReader } from "./counting-reader";
import { EmbeddedService } from "./embedded-service";
import { percentilesOf } from "./percentiles";

/** Every message keeps its own wait: sending all again every few seconds would be a load of another kind. */
const ANSWER_TIMEOUT_MS = 120_000;

/** Messages at a steady rate, whatever is answered, before, while and after Postgres is stopped. */
export async function postgresPaused(settings: Record<string, number>): Promise<object> {
  const {
    seconds = 0,
    before = 0,
    after = 0,
    senders: count = 0,
    readers: readerCount = 0,
    rooms = 0,
    perSecond = 0,
  } = settings;
  const service = await EmbeddedService.start();
  const sentAtMs = new Map<string, number>();
  const live = { before: [] as number[], during: [] as number[], after: [] as number[] };
  let phase: keyof typeof live = "before";
  for (let index = 0; index < readerCount; index += 1) {
    await CountingReader.join({
      url: service.url,
      token: service.tokenOf(`reader-${index}`),
      room: `room-${index % rooms}`,
      onMessage(frame) {
        const id = /"id":"([^"]+)"/.exec(frame)?.[1] ?? "";
        live[phase].push(performance.now() - (sentAtMs.get(id) ?? 0));
      },
    });
  }
  const senders = Array.from({ length: count }, (_, index) => {
    const userId = `sender-${index}`;
    return new RetryingSender({
      ...{ url: service.url, token: service.tokenOf(userId), userId, room: `room-${index % rooms}` },
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      onAttempt: (id) => sentAtMs.set(id, performance.now()),
    });
  });
  const sends: Promise<void>[] = [];
  let sent = 0;
  const offering = setInterval(() => {
    sends.push((senders[sent % count] as RetryingSender).send(`message ${sent}`));
    sent += 1;
  }, 1_000 / perSecond);
  const refusals = (): number =>
    senders.reduce((sum, sender) => sum + [...sender.refusals.values()].reduce((a, b) => a + b, 0), 0);

  await delay(before * 1_000);
  const storedBefore = await readMetric(service, "roomful_messages_stored_total");
  const pids = await processesOf(await service.postgresPid());
  signalAll(pids, "SIGSTOP");
  phase = "during";
  await delay(seconds * 1_000);
  const backlog = await readMetric(service, "roomful_write_buffer_backlog");
  const refusedDuring = refusals();
  const storedDuring = await readMetric(service, "roomful_messages_stored_total");
  signalAll(pids, "SIGCONT");
  const resumedAtMs = performance.now();
  let firstCommitMs = 0;
  let drainedMs = 0;
  const watch = (async () => {
    while (drainedMs === 0) {
      if (firstCommitMs === 0 && (await readMetric(service, "roomful_messages_stored_total")) > storedDuring) {
        firstCommitMs = performance.now() - resumedAtMs;
      }
      if (firstCommitMs > 0 && (await readMetric(service, "roomful_write_buffer_oldest_seconds")) < 0.5) {
        drainedMs = performance.now() - resumedAtMs;
      }
      await delay(10);
    }
  })();
  await watch;
  phase = "after";
  await delay(after * 1_000);
  clearInterval(offering);
  await Promise.all(sends);
  for (const sender of senders) {
    sender.close();
  }
  const { table } = await service.stopAndReadTable();
  const { lost, duplicates, roomsWithHoles } = checkContract(
    senders.flatMap((sender) => sender.acknowledged),
    table,
  );
  return {
    sent,
    stored: table.length,
    lost: lost.length,
    duplicates: duplicates.length,
    roomsWithHoles: roomsWithHoles.length,
    liveMs: {
      before: percentilesOf(live.before),
      during: percentilesOf(live.during),
      after: percentilesOf(live.after),
    },
    storedWhilePaused: storedDuring - storedBefore,
    backlogAtTheEnd: backlog,
    refusals: refusedDuring,
    firstCommitMs: Math.round(firstCommitMs),
    drainedMs: Math.round(drainedMs),
  };
}

/** A stopped postmaster alone leaves its children at work. */
async function processesOf(postmaster: number): Promise<number[]> {
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(postmaster)]).toString();
  return [postmaster, ...children.trim().split(/\s+/).map(Number)];
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // A connection that the service gave up has ended by itself.
    }
  }
}
