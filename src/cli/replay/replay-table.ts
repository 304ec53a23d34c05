import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import Table from "cli-table3";

import type { RoomReplay } from "./room-replay";

type Row = [string, ...(string | number)[]];

/** The result of a replay: a row for each room, and all of them together. */
export function formatReplayTable(replays: readonly RoomReplay[]): string {
  const table = new Table({
    head: [
      ...["log", "lines", "sent", "acked", "stored", "duplicates", "holes"],
      ...["delivered", "expected", "delivery p50", "p99", "ack p50", "p99"],
    ],
    style: { compact: true, head: [], border: [] },
    colAligns: ["left", ...Array<"right">(12).fill("right")],
  });
  const deliveryTimes = createHistogram();
  const answerTimes = createHistogram();
  for (const replay of replays) {
    deliveryTimes.add(replay.deliveryTimes);
    answerTimes.add(replay.answerTimes);
    table.push(rowOf(replay.title, [replay], replay.deliveryTimes, replay.answerTimes));
  }
  table.push(rowOf("all", replays, deliveryTimes, answerTimes));
  return table.toString();
}

function rowOf(
  title: string,
  replays: readonly RoomReplay[],
  deliveryTimes: RecordableHistogram,
  answerTimes: RecordableHistogram,
): Row {
  const sum = (count: (replay: RoomReplay) => number): string =>
    replays.reduce((total, each) => total + count(each), 0).toLocaleString("en");
  return [
    title,
    sum(({ log }) => log.lines),
    sum(({ sent }) => sent),
    sum(({ acknowledged }) => acknowledged),
    sum(({ stored }) => stored),
    sum(({ duplicates }) => duplicates),
    sum(({ holes }) => holes),
    sum(({ delivered }) => delivered),
    sum(({ expectedDeliveries }) => expectedDeliveries),
    ...percentiles(deliveryTimes),
    ...percentiles(answerTimes),
  ];
}

function percentiles(times: RecordableHistogram): string[] {
  return [50, 99].map((share) => (times.count === 0 ? "-" : `${(times.percentile(share) / 1_000).toFixed(1)} ms`));
}
