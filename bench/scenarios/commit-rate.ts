import { setTimeout as delay } from "node:timers/promises";

import { checkContract } from "../../test/support/contract";
import { RetryingSender } from "../../test/support/retrying-sender";
import { EmbeddedService } from "../embedded-service";
import { percentilesOf } from "../percentiles";

const WARM_UP_MS = 3_000;

/** Senders with a window of messages on their way each; only acknowledged, hence committed, messages count. */
export async function commitRate(settings: Record<string, number>): Promise<object> {
  const { rooms = 0, senders: count = 0, window = 0, bytes = 0, seconds = 0 } = settings;
  const service = await EmbeddedService.start();
  const senders = Array.from({ length: count }, (_, index) => {
    const userId = `sender-${index}`;
    return new RetryingSender({
      url: service.url,
      token: service.tokenOf(userId),
      userId,
      room: `room-${index % rooms}`,
      content: (number) => `${number} `.padEnd(bytes, "x"),
    });
  });
  const acknowledged = (): number => senders.reduce((sum, sender) => sum + sender.acknowledged.length, 0);
  const runs = senders.map((sender) => sender.run(window));

  await delay(WARM_UP_MS);
  const before = acknowledged();
  const answersBefore = senders.map(({ answerTimes }) => answerTimes.length);
  const startedAtMs = performance.now();
  await delay(seconds * 1_000);
  const perSecond = (acknowledged() - before) / ((performance.now() - startedAtMs) / 1_000);
  const answers = senders.flatMap(({ answerTimes }, index) => answerTimes.slice(answersBefore[index]));
  for (const sender of senders) {
    sender.finish();
  }
  await Promise.all(runs);
  const { table } = await service.stopAndReadTable();
  const { lost, duplicates, roomsWithHoles } = checkContract(
    senders.flatMap((sender) => sender.acknowledged),
    table,
  );
  return {
    messagesPerSecond: Math.round(perSecond),
    answerMs: percentilesOf(answers),
    stored: table.length,
    lost: lost.length,
    duplicates: duplicates.length,
    roomsWithHoles: roomsWithHoles.length,
  };
}
