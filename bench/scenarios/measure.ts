import { setTimeout as delay } from "node:timers/promises";

import type { ServerProcess } from "../candidates/server-process";
import { countLost } from "../load/load-generator";
import type { Reading, SendPlan } from "../load/protocol";
import type { Testbed } from "../testbed";
import { percentile, round } from "./numbers";
import type { Measured } from "./scenario";

export interface MeasureOptions {
  plan: SendPlan;
  warmUpSeconds: number;
  seconds: number;
  /**
   * What has not come so long after the last send counts as lost: who is overloaded may need minutes for what it has taken on.
   * @default 3000
   */
  patienceMs?: number;
}

export interface Measurement {
  numbers: Measured;
  /** Everything since the warm-up. */
  reading: Reading;
}

/** Sends by a plan: first to warm up, then, when all of that has arrived, for the time that is measured. */
export async function measure(testbed: Testbed, server: ServerProcess, options: MeasureOptions): Promise<Measurement> {
  const { load } = testbed;
  const { plan, warmUpSeconds, seconds, patienceMs = 3_000 } = options;
  if (warmUpSeconds > 0) {
    await load.send(plan);
    await delay(warmUpSeconds * 1_000);
    await load.hush();
    await load.settle(patienceMs);
  }
  await load.reset();

  const before = await load.count();
  const cpuBeforeMs = server.cpuMs();
  await load.send(plan);
  await delay(seconds * 1_000);
  const cpuMs = server.cpuMs() - cpuBeforeMs;
  const during = await load.count();
  await load.hush();
  const reading = await load.settle(patienceMs);
  const numbers = { ...numbersOf(before, during, reading, cpuMs), rssMb: round(server.rssKb() / 1024, 1) };
  return { numbers, reading };
}

function numbersOf(before: Reading, during: Reading, after: Reading, cpuMs: number): Measured {
  const passedMs = (during.atUs - before.atUs) / 1e3;
  const perSecond = (count: number): number => Math.round(count / (passedMs / 1e3));
  const cpuUsPer = (count: number): number => (count === 0 ? 0 : round((cpuMs * 1e3) / count, 3));
  const latenciesUs = Object.values(after.latenciesUs).flat();
  return {
    sentPerSecond: perSecond(during.sent),
    deliveriesPerSecond: perSecond(during.deliveries),
    acknowledgedPerSecond: perSecond(during.accepted),
    cpuUsPerDelivery: cpuUsPer(during.deliveries),
    cpuUsPerMessage: cpuUsPer(during.sent),
    serverCpu: round(cpuMs / passedMs, 3),
    p50Ms: percentile(latenciesUs, 0.5),
    p99Ms: percentile(latenciesUs, 0.99),
    ackP50Ms: percentile(after.acksUs, 0.5),
    ackP99Ms: percentile(after.acksUs, 0.99),
    lost: countLost(after) + after.unanswered,
    refused: Object.values(after.refusals).reduce((sum, count) => sum + count, 0),
    misplaced: after.misplaced,
    closed: after.closed,
    loadCpu: round((during.cpuMs - before.cpuMs) / passedMs, 3),
    sendLateMs: during.sendLateMs,
  };
}
