import { setTimeout as delay } from "node:timers/promises";

import { checkContract } from "../../test/support/contract";
import { RetryingSender } from "../../test/support/retrying-sender";
import { Cluster } from "./cluster";
import { percentilesOf } from "./percentiles";

/** Each node in turn is stopped in order and started again, under senders who retry, on both. */
export async function rollingRestart(settings: Record<string, number>): Promise<object> {
  const { rounds = 0, senders: count = 0, rooms = 0 } = settings;
  const cluster = await Cluster.start(2, { ROOMFUL_SHUTDOWN_RECONNECT_SPREAD_MS: "500" });
  const senders = Array.from({ length: count }, (_, index) => {
    const userId = `sender-${index}`;
    const url = cluster.nodes[index % 2]?.url ?? "";
    return new RetryingSender({ url, token: cluster.tokenOf(userId), userId, room: `room-${index % rooms}` });
  });
  const runs = senders.map((sender) => sender.run());
  const statuses: (number | null)[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const node of cluster.nodes) {
      await delay(1_000);
      statuses.push(await node.end("SIGTERM"));
      await node.start();
    }
    console.error(`round ${round} of ${rounds}`);
  }
  await delay(1_000);
  for (const sender of senders) {
    sender.finish();
  }
  // One who was refused for good ends with an error.
  const outcomes = await Promise.allSettled(runs);
  const { statuses: last, table } = await cluster.stopAndReadTable();
  const acknowledged = senders.flatMap((sender) => sender.acknowledged);
  const { lost, duplicates, roomsWithHoles } = checkContract(acknowledged, table);
  return {
    ...{ acknowledged: acknowledged.length, stored: table.length },
    ...{ lost: lost.length, duplicates: duplicates.length, roomsWithHoles: roomsWithHoles.length },
    failedForGood: outcomes.filter(({ status }) => status === "rejected").length,
    exitStatuses: [...statuses, ...last],
    answerMs: percentilesOf(senders.flatMap(({ answerTimes }) => answerTimes)),
  };
}
