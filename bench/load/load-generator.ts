import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Call, Calls, OpenPlan, Reading, Request, Response, RoomCount, SendPlan } from "./protocol";

const WORKER = join(__dirname, "worker.js");
const POLL_MS = 50;

/** Clients in processes of their own. With several workers, clients are dealt out in turn, and rates and connections are shared. */
export class LoadGenerator {
  private constructor(private readonly workers: readonly Worker[]) {}

  static async start(workers: number): Promise<LoadGenerator> {
    return new LoadGenerator(Array.from({ length: workers }, () => new Worker()));
  }

  /** Connects clients and joins them. Answers the seconds that it took. */
  async open(plan: OpenPlan): Promise<number> {
    const parts = await Promise.all(
      this.workers.map((worker, index) =>
        worker.call("open", {
          ...plan,
          clients: plan.clients.filter((_, each) => each % this.workers.length === index),
          concurrency: Math.ceil(plan.concurrency / this.workers.length),
        }),
      ),
    );
    return Math.max(...parts.map(({ seconds }) => seconds));
  }

  async send(plan: SendPlan): Promise<void> {
    const { length } = this.workers;
    const share =
      "perSecond" in plan
        ? { perSecond: plan.perSecond / length }
        : plan.kind === "http"
          ? { connections: Math.ceil(plan.connections / length) }
          : {};
    await this.all("send", { ...plan, ...share } as SendPlan);
  }

  async hush(): Promise<void> {
    await this.all("hush", null);
  }

  async reset(): Promise<void> {
    await this.all("reset", null);
  }

  /** So many of the clients that neither send nor are sampled stop reading. */
  async stall(count: number): Promise<void> {
    await this.all("stall", Math.ceil(count / this.workers.length));
  }

  /** Everything that was counted. */
  read(): Promise<Reading> {
    return this.readAll(true);
  }

  /** Without the times, which cost the clients a moment. */
  count(): Promise<Reading> {
    return this.readAll(false);
  }

  /** Waits, at most so long, until everything sent has reached every client of its room and is answered. */
  async settle(patienceMs: number): Promise<Reading> {
    const deadlineMs = performance.now() + patienceMs;
    let reading = await this.count();
    while (!(isWhole(reading) && reading.unanswered === 0) && performance.now() < deadlineMs) {
      await delay(POLL_MS);
      reading = await this.count();
    }
    return this.read();
  }

  /** Waits until no client has heard anything for so long. */
  async quiet(forMs: number): Promise<void> {
    let { frames } = await this.count();
    for (let heardAtMs = performance.now(); performance.now() - heardAtMs < forMs; ) {
      await delay(POLL_MS);
      const next = await this.count();
      if (next.frames !== frames) {
        frames = next.frames;
        heardAtMs = performance.now();
      }
    }
  }

  async close(): Promise<void> {
    await this.all("close", null);
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  private async readAll(times: boolean): Promise<Reading> {
    return (await this.all("read", { times })).reduce(merge);
  }

  private all<Name extends Call>(name: Name, argument: Calls[Name]["takes"]): Promise<Calls[Name]["gives"][]> {
    return Promise.all(this.workers.map((worker) => worker.call(name, argument)));
  }
}

/** Every client has each message of its room once. */
function isWhole({ rooms }: Reading): boolean {
  return Object.values(rooms).every(({ sent, least, most }) => least === sent && most === sent);
}

/** Deliveries that are missing, or too many. */
export function countLost({ rooms }: Reading): number {
  return Object.values(rooms).reduce((sum, { sent, least, most }) => sum + Math.max(sent - least, most - sent), 0);
}

function merge(one: Reading, other: Reading): Reading {
  const rooms: Record<string, RoomCount> = { ...one.rooms };
  for (const [room, count] of Object.entries(other.rooms)) {
    const known = rooms[room];
    rooms[room] = {
      sent: (known?.sent ?? 0) + count.sent,
      least: Math.min(known?.least ?? count.least, count.least),
      most: Math.max(known?.most ?? count.most, count.most),
    };
  }
  const refusals = { ...one.refusals };
  for (const [code, count] of Object.entries(other.refusals)) {
    refusals[code] = (refusals[code] ?? 0) + count;
  }
  const latenciesUs = { ...one.latenciesUs };
  for (const [group, times] of Object.entries(other.latenciesUs)) {
    latenciesUs[group] = [...(latenciesUs[group] ?? []), ...times];
  }
  return {
    ...{ rooms, refusals, atUs: Math.max(one.atUs, other.atUs) },
    cpuMs: one.cpuMs + other.cpuMs,
    sent: one.sent + other.sent,
    frames: one.frames + other.frames,
    deliveries: one.deliveries + other.deliveries,
    accepted: one.accepted + other.accepted,
    typings: one.typings + other.typings,
    typingsSent: one.typingsSent + other.typingsSent,
    unanswered: one.unanswered + other.unanswered,
    latenciesUs,
    acksUs: [...one.acksUs, ...other.acksUs],
    misplaced: one.misplaced + other.misplaced,
    closed: one.closed + other.closed,
    sendLateMs: Math.max(one.sendLateMs, other.sendLateMs),
  };
}

class Worker {
  private readonly child: ChildProcess = fork(WORKER);
  private nextId = 0;
  private readonly waiting = new Map<number, (response: Response) => void>();

  constructor() {
    this.child.on("message", (response: Response) => {
      this.waiting.get(response.id)?.(response);
      this.waiting.delete(response.id);
    });
    this.child.once("exit", (code, signal) => {
      for (const [id, answer] of this.waiting) {
        answer({ id, error: `a load worker ended with ${code ?? signal}` });
      }
    });
  }

  async call<Name extends Call>(call: Name, argument: Calls[Name]["takes"]): Promise<Calls[Name]["gives"]> {
    const id = this.nextId;
    this.nextId += 1;
    const response = await new Promise<Response>((resolve) => {
      this.waiting.set(id, resolve);
      this.child.send({ id, call, argument } satisfies Request);
    });
    if (response.error !== undefined) {
      throw new Error(response.error);
    }
    return response.result as Calls[Name]["gives"];
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exit = once(this.child, "exit");
      this.child.disconnect();
      await exit;
    }
  }
}
