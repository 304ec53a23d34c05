import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { RetryingSender } from "../../../test/support/retrying-sender";
import { CountingReader } from "../counting-reader";
import { EmbeddedService } from "../embedded-service";
import { percentilesOf } from "../percentiles";
import type { AttackPlan, AttackReport } from "./attack";

const FLOODER = join(__dirname, "flooder.js");
const ROOM = "hall";
const SEND_INTERVAL_MS = 100;
const SAMPLE_INTERVAL_MS = 50;
/** The flood is stopped here: the machine has other things to do. */
const MAX_RSS_MEGABYTES = 1_500;
const GIVE_UP_MS = 30_000;
const PAGE_MESSAGES = 40;
const PAGE_CONTENT_BYTES = 8_000;

/** What the others felt, and what the process held, in one phase. */
interface Phase {
  delivery: ReturnType<typeof percentilesOf>;
  acknowledgement: ReturnType<typeof percentilesOf>;
  maxRssMegabytes: number;
  /** What all readers were sent in a second. */
  bytesOutPerSecond: number;
  /** At its end. */
  openDescriptors: number;
}

/** Readers and a sender of a room in peace, and then while somebody floods. With the limits that are the defaults. */
export async function runFlood(name: AttackPlan["name"], settings: Record<string, number>): Promise<object> {
  const { connections = 0, seconds = 0, quietSeconds = 0, readers = 0, maxConnections = 0 } = settings;
  const service = await EmbeddedService.start({ ROOMFUL_RATE_LIMITS: "on" });
  const others = await Others.join(service, readers);
  try {
    await others.fillPage();
    const quiet = await others.during(() => delay(quietSeconds * 1_000));
    const rssBefore = rssMegabytes(service.service.pid);
    let report: AttackReport | undefined;
    const tokens = Array.from({ length: connections }, (_, index) => service.tokenOf(`flooder-${index}`));
    const flood = await others.during(async (isTooMuch) => {
      report = await attack({ name, url: service.url, tokens, seconds, maxConnections }, isTooMuch);
    });
    await delay(quietSeconds * 1_000);
    const rssAfter = rssMegabytes(service.service.pid);
    return { quiet, flood, rssMegabytes: { before: rssBefore, peak: flood.maxRssMegabytes, after: rssAfter }, report };
  } finally {
    others.leave();
    await service.stopAndReadTable();
  }
}

/** Those who do nothing wrong. */
class Others {
  private readonly deliveries: number[] = [];
  private readonly acknowledgements: number[] = [];

  private constructor(
    private readonly service: EmbeddedService,
    private readonly sender: RetryingSender,
    private readonly readers: CountingReader[],
  ) {}

  static async join(service: EmbeddedService, count: number): Promise<Others> {
    const { url } = service;
    const sender = new RetryingSender({ url, token: service.tokenOf("sender"), userId: "sender", room: ROOM });
    const others = new Others(service, sender, []);
    for (let index = 0; index < count; index += 1) {
      const token = service.tokenOf(`reader-${index}`);
      const onMessage = (frame: string): void => others.receive(frame);
      others.readers.push(await CountingReader.join({ url, token, room: ROOM, onMessage }));
    }
    return others;
  }

  /** So that a page of history is as large as pages are. */
  async fillPage(): Promise<void> {
    for (let index = 0; index < PAGE_MESSAGES; index += 1) {
      await this.sender.send("x".repeat(PAGE_CONTENT_BYTES));
    }
  }

  /** Sends all the time, and measures, until `happens` has happened. `isTooMuch`: it is to end. */
  async during(happens: (isTooMuch: () => boolean) => Promise<void>): Promise<Phase> {
    const { pid } = this.service.service;
    this.deliveries.length = 0;
    this.acknowledgements.length = 0;
    const bytesBefore = this.bytesOut;
    const beganAtMs = performance.now();
    let isOver = false;
    let maxRssMegabytes = 0;
    const sampling = setInterval(() => {
      maxRssMegabytes = Math.max(maxRssMegabytes, rssMegabytes(pid));
    }, SAMPLE_INTERVAL_MS);
    const sends: Promise<void>[] = [];
    const sending = (async () => {
      while (!isOver) {
        sends.push(this.sendOne());
        await delay(SEND_INTERVAL_MS);
      }
    })();
    await happens(() => maxRssMegabytes > MAX_RSS_MEGABYTES);
    const openDescriptors = descriptors(pid);
    const bytesOutPerSecond = Math.round(((this.bytesOut - bytesBefore) * 1_000) / (performance.now() - beganAtMs));
    isOver = true;
    await sending;
    // A service that did not live through it answers nobody.
    await Promise.race([Promise.all(sends), delay(GIVE_UP_MS)]);
    clearInterval(sampling);
    return {
      delivery: percentilesOf(this.deliveries),
      acknowledgement: percentilesOf(this.acknowledgements),
      ...{ maxRssMegabytes, bytesOutPerSecond, openDescriptors },
    };
  }

  leave(): void {
    this.sender.close();
    for (const { ws } of this.readers) {
      ws.terminate();
    }
  }

  private get bytesOut(): number {
    return this.readers.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  private async sendOne(): Promise<void> {
    const sentAtMs = performance.now();
    await this.sender.send(`at ${sentAtMs} `);
    this.acknowledgements.push(performance.now() - sentAtMs);
  }

  private receive(frame: string): void {
    const sentAtMs = /"content":"at ([0-9.]+) /.exec(frame)?.[1];
    if (sentAtMs !== undefined) {
      this.deliveries.push(performance.now() - Number(sentAtMs));
    }
  }
}

/** Runs a flooder to its end, or until it is too much. */
async function attack(plan: AttackPlan, isTooMuch: () => boolean): Promise<AttackReport | undefined> {
  const flooder: ChildProcess = fork(FLOODER);
  const watch = setInterval(() => {
    if (isTooMuch()) {
      flooder.kill("SIGKILL");
    }
  }, SAMPLE_INTERVAL_MS);
  try {
    flooder.send(plan);
    const [answer] = await Promise.race([once(flooder, "message"), once(flooder, "exit")]);
    return typeof answer === "object" && answer !== null ? (answer as AttackReport) : undefined;
  } finally {
    clearInterval(watch);
    flooder.kill("SIGKILL");
  }
}

function rssMegabytes(pid: number): number {
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(readStatus(pid))?.[1] ?? 0) / 1_024);
}

function descriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    // The flood has ended it, or this is no Linux.
    return "";
  }
}
