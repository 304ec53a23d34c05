import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";

import { publishInTransaction } from "../../src/publisher";
import type { CandidateName } from "../candidates/candidates";
import type { ServerProcess } from "../candidates/server-process";
import { CountingReader } from "../faults/counting-reader";
import { nowUs } from "../load/now-us";
import type { Testbed } from "../testbed";
import { percentile, round } from "./numbers";
import type { Measured, Scenario, Settings } from "./scenario";

const PATIENCE_MS = 5_000;
const POLL_MS = 20;

/** What is published inside other programs' transactions: how soon after the commit its room sees it. */
export const outbox: Scenario = {
  summary: "published inside transactions: from the commit to the delivery",
  candidates: ["roomful"],
  settings: { rooms: 50, perSecond: 200, producers: 10, bytes: 100, warmUp: 2, seconds: 10 },
  quick: { warmUp: 1, seconds: 3 },
  smoke: { rooms: 3, perSecond: 60, producers: 3, warmUp: 0.1, seconds: 0.3 },
  run,
  rows: [
    {
      value: "p99Ms",
      label: "200 transactions/s into 50 rooms: commit to delivery p99",
      unit: "ms",
      better: "less",
      against: [],
      targets: [{ atMost: 100 }],
    },
    { value: "p50Ms", label: "the same: p50", unit: "ms", better: "less", against: [], targets: [] },
    { value: "perSecond", label: "the same: committed", unit: "tx/s", better: "more", against: [], targets: [] },
    {
      value: "lost",
      label: "the same: not delivered",
      unit: "",
      better: "less",
      against: [],
      targets: [{ atMost: 0 }],
    },
  ],
};

function run(testbed: Testbed, candidate: CandidateName, settings: Settings): Promise<Measured> {
  return testbed.withServer(candidate, async (server, databaseUrl) => {
    const { rooms = 0, perSecond = 0, producers = 0, bytes = 0, warmUp = 0, seconds = 0 } = settings;
    const deliveries = new Deliveries();
    const readers = await deliveries.joinReaders(testbed, server, rooms);
    /** When the answer to COMMIT came, by the message's id. */
    const committedUs = new Map<string, number>();
    const startedUs = nowUs();
    const measuredFromUs = startedUs + warmUp * 1e6;
    const untilUs = measuredFromUs + seconds * 1e6;
    let next = 0;
    const produce = async (_: unknown, producer: number): Promise<void> => {
      const client = new Client({ connectionString: databaseUrl });
      await client.connect();
      const intervalUs = (producers / perSecond) * 1e6;
      for (let dueUs = startedUs + (producer / producers) * intervalUs; dueUs < untilUs; dueUs += intervalUs) {
        await delay(Math.max(0, dueUs - nowUs()) / 1e3);
        const room = `room-${next % rooms}`;
        next += 1;
        await client.query("BEGIN");
        const content = "".padEnd(bytes, "x");
        const id = await publishInTransaction(client, { room, userId: `producer-${producer}`, content });
        await client.query("COMMIT");
        committedUs.set(id, nowUs());
      }
      await client.end();
    };
    const cpuBeforeMs = server.cpuMs();
    await Promise.all(Array.from({ length: producers }, produce));
    const cpuMs = server.cpuMs() - cpuBeforeMs;
    const passedMs = (nowUs() - startedUs) / 1e3;
    await deliveries.settle(committedUs.size);
    for (const { ws } of readers) {
      ws.terminate();
    }

    const measured = [...committedUs].filter(([, atUs]) => atUs >= measuredFromUs);
    // A reader may be told before the producer has read the answer.
    const timesUs = measured.map(([id, atUs]) => Math.max(0, (deliveries.atUs.get(id) ?? Number.MAX_VALUE) - atUs));
    return {
      p50Ms: percentile(timesUs, 0.5),
      p99Ms: percentile(timesUs, 0.99),
      maxMs: percentile(timesUs, 1),
      perSecond: round(committedUs.size / (passedMs / 1e3), 1),
      committed: committedUs.size,
      delivered: deliveries.atUs.size,
      serverCpu: round(cpuMs / passedMs, 3),
      lost: [...committedUs.keys()].filter((id) => !deliveries.atUs.has(id)).length,
      misplaced: deliveries.misplaced,
    };
  });
}

/** What the readers, one in each room, have been shown. */
class Deliveries {
  /** By the message's id. */
  readonly atUs = new Map<string, number>();
  /** Not after the ones before it in its room; doubles, too. */
  misplaced = 0;
  private readonly newest = new Map<string, number>();

  async joinReaders(testbed: Testbed, { url }: ServerProcess, rooms: number): Promise<CountingReader[]> {
    const names = Array.from({ length: rooms }, (_, index) => `room-${index}`);
    return Promise.all(
      names.map((room) =>
        CountingReader.join({
          ...{ url, room, token: testbed.tokenOf(`reader-of-${room}`) },
          onMessage: (frame) => this.shown(frame, nowUs()),
        }),
      ),
    );
  }

  /** Waits, at most so long, until so many have been shown. */
  async settle(count: number): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (this.atUs.size < count && performance.now() < deadlineMs) {
      await delay(POLL_MS);
    }
  }

  private shown(frame: string, atUs: number): void {
    const [, { id, room, seq }] = JSON.parse(frame.slice(2)) as [string, { id: string; room: string; seq: number }];
    this.misplaced += seq > (this.newest.get(room) ?? 0) ? 0 : 1;
    this.newest.set(room, seq);
    this.atUs.set(id, atUs);
  }
}
