import { setTimeout as delay } from "node:timers/promises";

import { checkContract } from "../../test/support/contract";
import { RetryingSender } from "../../test/support/retrying-sender";
import { Cluster } from "./cluster";
import { CountingReader } from "./counting-reader";
import { percentilesOf } from "./percentiles";

/** Redis killed under load: readers on one node, senders on the other. */
export async function redisDown(settings: Record<string, number>): Promise<object> {
  const {
    seconds = 0,
    before = 0,
    after = 0,
    senders: count = 0,
    readers: readerCount = 0,
    rooms = 0,
    perSecond = 0,
  } = settings;
  const cluster = await Cluster.start(2);
  const [here, there] = cluster.nodes;
  const sentAtMs = new Map<string, number>();
  const crossing = { before: [] as number[], during: [] as number[], after: [] as number[] };
  let phase: keyof typeof crossing = "before";
  const heard = Array.from({ length: readerCount }, () => new Set<string>());
  for (const [index, ids] of heard.entries()) {
    await CountingReader.join({
      ...{ url: there?.url ?? "", token: cluster.tokenOf(`reader-${index}`), room: `room-${index % rooms}` },
      onMessage(frame) {
        const id = /"id":"([^"]+)"/.exec(frame)?.[1] ?? "";
        if (!ids.has(id)) {
          ids.add(id);
          crossing[phase].push(performance.now() - (sentAtMs.get(id) ?? 0));
        }
      },
    });
  }
  const senders = Array.from({ length: count }, (_, index) => {
    const userId = `sender-${index}`;
    return new RetryingSender({
      ...{ url: here?.url ?? "", token: cluster.tokenOf(userId), userId, room: `room-${index % rooms}` },
      onAttempt: (id) => sentAtMs.set(id, performance.now()),
    });
  });
  const sends: Promise<void>[] = [];
  let sent = 0;
  const offering = setInterval(() => {
    sends.push((senders[sent % count] as RetryingSender).send(`message ${sent}`));
    sent += 1;
  }, 1_000 / perSecond);

  await delay(before * 1_000);
  await cluster.redis.kill();
  phase = "during";
  await delay(seconds * 1_000);
  await cluster.redis.restart();
  const backAtMs = performance.now();
  await delay(200);
  phase = "after";
  await delay(after * 1_000);
  clearInterval(offering);
  await Promise.all(sends);
  const acknowledged = senders.flatMap((sender) => sender.acknowledged);
  const wantedOf = (index: number): string[] =>
    acknowledged.filter(({ room }) => room === `room-${index % rooms}`).map(({ id }) => id);
  let wholeAtMs = 0;
  while (wholeAtMs === 0 && performance.now() - backAtMs < 60_000) {
    if (heard.every((ids, index) => wantedOf(index).every((id) => ids.has(id)))) {
      wholeAtMs = performance.now();
    }
    await delay(50);
  }
  const alive = cluster.nodes.map(({ pid }) => pid > 0 && isAlive(pid));
  for (const sender of senders) {
    sender.close();
  }
  const { statuses, table } = await cluster.stopAndReadTable();
  const { lost, duplicates, roomsWithHoles } = checkContract(acknowledged, table);
  return {
    ...{
      sent,
      stored: table.length,
      lost: lost.length,
      duplicates: duplicates.length,
      roomsWithHoles: roomsWithHoles.length,
    },
    readersWhole: heard.filter((ids, index) => wantedOf(index).every((id) => ids.has(id))).length,
    crossNodeMs: {
      before: percentilesOf(crossing.before),
      during: percentilesOf(crossing.during),
      after: percentilesOf(crossing.after),
    },
    nodesAlive: alive.filter(Boolean).length,
    exitStatuses: statuses,
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // It is gone.
    return false;
  }
}
