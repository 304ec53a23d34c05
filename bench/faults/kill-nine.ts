import { setTimeout as delay } from "node:timers/promises";

import { checkContract } from "../../test/support/contract";
import { RetryingSender } from "../../test/support/retrying-sender";
import { EmbeddedService } from "./embedded-service";
import { percentilesOf } from "./percentiles";

/** Long enough for every sender to get through again, and another moment of a flush each time. */
const MIN_LIFE_MS = 1_000;
const LIFE_SPREAD_MS = 1_000;

/** The node is killed under load and started again; its Postgres lives on and is adopted. */
export async function killNine(settings: Record<string, number>): Promise<object> {
  const { kills = 0, senders: count = 0, rooms = 0 } = settings;
  const service = await EmbeddedService.start();
  const senders = Array.from({ length: count }, (_, index) => {
    const userId = `sender-${index}`;
    return new RetryingSender({
      url: service.url,
      token: service.tokenOf(userId),
      userId,
      room: `room-${index % rooms}`,
    });
  });
  const runs = senders.map((sender) => sender.run());
  const restarts: number[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    await delay(MIN_LIFE_MS + Math.random() * LIFE_SPREAD_MS);
    await service.service.end("SIGKILL");
    const startedAtMs = performance.now();
    await service.service.start();
    restarts.push(performance.now() - startedAtMs);
    console.error(`killed ${kill} of ${kills}`);
  }
  await delay(MIN_LIFE_MS);
  for (const sender of senders) {
    sender.finish();
  }
  await Promise.all(runs);
  const { status, table } = await service.stopAndReadTable();
  const acknowledged = senders.flatMap((sender) => sender.acknowledged);
  const { lost, duplicates, roomsWithHoles } = checkContract(acknowledged, table);
  return {
    acknowledged: acknowledged.length,
    stored: table.length,
    lost: lost.length,
    duplicates: duplicates.length,
    roomsWithHoles: roomsWithHoles.length,
    sentAgain: acknowledged.filter(({ attempts }) => attempts > 1).length,
    restartMs: percentilesOf(restarts),
    answerMs: percentilesOf(senders.flatMap(({ answerTimes }) => answerTimes)),
    exitStatus: status,
  };
}
