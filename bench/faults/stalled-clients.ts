import { setTimeout as delay } from "node:timers/promises";

import { readMetric } from "../../test/support/metrics";
import { RetryingSender } from "../../test/support/retrying-sender";
import { CountingReader } from "./counting-reader";
import { EmbeddedService } from "./embedded-service";

const CONTENT_BYTES = 8_000;
const POLL_MS = 20;
const GIVE_UP_MS = 60_000;
const CUTS = "roomful_slow_consumers_total";

/** Some clients of a room stop reading, the rest must not feel it. */
export async function stalledClients(settings: Record<string, number>): Promise<object> {
  const { clients = 0, stalled: stalledCount = 0, megabytes = 0 } = settings;
  const service = await EmbeddedService.start();
  const room = "hall";
  const readers: CountingReader[] = [];
  for (let index = 0; index < clients; index += 1) {
    readers.push(await CountingReader.join({ url: service.url, token: service.tokenOf(`reader-${index}`), room }));
  }
  const stalled = readers.slice(0, stalledCount);
  const healthy = readers.slice(stalledCount);
  const ended = new Set<CountingReader>();
  for (const reader of readers) {
    reader.ws.on("close", () => ended.add(reader));
  }
  for (const { ws } of stalled) {
    ws.pause();
  }
  const sender = new RetryingSender({ url: service.url, token: service.tokenOf("sender"), userId: "sender", room });
  const count = Math.ceil((megabytes * 2 ** 20) / CONTENT_BYTES);

  let maxBufferedBytes = 0;
  let allCutAtMs = 0;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      maxBufferedBytes = Math.max(maxBufferedBytes, await readMetric(service, "roomful_emit_buffer_bytes"));
      if (allCutAtMs === 0 && (await readMetric(service, CUTS)) >= stalledCount) {
        allCutAtMs = performance.now();
      }
      await delay(POLL_MS);
    }
  })();
  const startedAtMs = performance.now();
  for (let index = 0; index < count; index += 1) {
    await sender.send(`${index} `.padEnd(CONTENT_BYTES, "x"));
  }
  const deadlineMs = performance.now() + GIVE_UP_MS;
  while ((healthy.some(({ messages }) => messages < count) || allCutAtMs === 0) && performance.now() < deadlineMs) {
    await delay(POLL_MS);
  }
  const deliveredAtMs = performance.now();
  while ((await readMetric(service, "roomful_emit_buffer_bytes")) > 0 && performance.now() < deadlineMs) {
    await delay(POLL_MS);
  }
  const emptyAtMs = performance.now();
  isOver = true;
  await watch;
  const cutSeconds = await cutHistogram(service.url);
  const cuts = await readMetric(service, CUTS);
  const healthyEnded = healthy.filter((reader) => ended.has(reader)).length;
  sender.close();
  await service.stopAndReadTable();
  return {
    messages: count,
    bytesPerClient: count * CONTENT_BYTES,
    cuts,
    cutWithinSeconds: cutSeconds,
    healthyComplete: healthy.filter(({ messages }) => messages === count).length,
    healthyEnded,
    maxBufferedBytes,
    sendingSeconds: round((deliveredAtMs - startedAtMs) / 1_000),
    emptyAfterLastDeliverySeconds: round((emptyAtMs - Math.max(deliveredAtMs, allCutAtMs)) / 1_000),
  };
}

/** The smallest bucket that holds every cut. */
async function cutHistogram(url: string): Promise<string> {
  const text = await (await fetch(new URL("/metrics", url))).text();
  const buckets = [...text.matchAll(/^roomful_slow_consumer_cut_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm)];
  const total = Number(buckets.at(-1)?.[2] ?? 0);
  return buckets.find(([, , count]) => Number(count) === total)?.[1] ?? "";
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
