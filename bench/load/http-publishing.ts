import { randomUUID } from "node:crypto";

import { type HttpAnswer, HttpConnection } from "./http-connection";
import type { Counters } from "./load-client";
import { nowUs } from "./now-us";
import type { HttpPlan } from "./protocol";

/** What is said of one message: in an answer of its own, or in a batch's. */
interface Result {
  isStored: boolean;
  code: string;
}

const CREATED = 201;
const OK = 200;

/** A worker's connections to the HTTP API, each with one request unanswered, until they are stopped. */
export class HttpPublishing {
  unanswered = 0;
  private number = 0;
  /** What the lanes of one start go on for. */
  private going: object | undefined;

  constructor(
    private readonly counters: Counters,
    /** Messages sent, by room. */
    private readonly sent: Map<string, number>,
  ) {}

  /** Publishes into the rooms in turn. */
  start(plan: HttpPlan, rooms: readonly string[]): void {
    const going = {};
    this.going = going;
    for (let index = 0; index < plan.connections && rooms.length > 0; index += 1) {
      this.lane(plan, rooms, `publisher-${process.pid}-${index}`, () => this.going === going).catch(() => {
        this.counters.closed += 1;
      });
    }
  }

  stop(): void {
    this.going = undefined;
  }

  private async lane(plan: HttpPlan, rooms: readonly string[], userId: string, goesOn: () => boolean): Promise<void> {
    const connection = await HttpConnection.open(plan.host, plan.port, plan.key);
    try {
      while (goesOn()) {
        const atUs = nowUs();
        const messages = Array.from({ length: plan.batch }, () => this.nextMessage(rooms, userId, atUs, plan.bytes));
        this.unanswered += messages.length;
        const [first] = messages;
        const results =
          plan.batch === 1 && first
            ? readSingle(await connection.post(`/v1/rooms/${first.room}/messages`, JSON.stringify(first.body)))
            : readBatch(await connection.post("/v1/batch", JSON.stringify({ commands: messages })), messages.length);
        // An answer that leaves one out leaves it unanswered.
        this.unanswered -= results.length;
        this.count(results, nowUs() - atUs);
      }
    } finally {
      connection.close();
    }
  }

  private nextMessage(rooms: readonly string[], userId: string, atUs: number, bytes: number) {
    const { number } = this;
    const room = rooms[number % rooms.length] as string;
    this.number += 1;
    this.sent.set(room, (this.sent.get(room) ?? 0) + 1);
    const content = `${atUs} ${userId} ${number} `.padEnd(bytes, "x");
    return { command: "message", room, body: { userId, content, id: randomUUID() } };
  }

  private count(results: readonly Result[], tookUs: number): void {
    const { acksUs, refusals } = this.counters;
    for (const { isStored, code } of results) {
      if (isStored) {
        acksUs.push(tookUs);
      } else {
        refusals[code] = (refusals[code] ?? 0) + 1;
      }
    }
  }
}

function readSingle({ status, body }: HttpAnswer): Result[] {
  return [{ isStored: status === CREATED, code: codeIn(body, status) }];
}

function readBatch({ status, body }: HttpAnswer, count: number): Result[] {
  if (status !== OK) {
    return Array.from({ length: count }, () => ({ isStored: false, code: codeIn(body, status) }));
  }
  const { results } = JSON.parse(body) as { results: { ok: boolean; status: number; error?: { code: string } }[] };
  return results.map((result) => ({
    isStored: result.ok && result.status === CREATED,
    code: result.error?.code ?? String(result.status),
  }));
}

function codeIn(body: string, status: number): string {
  return /"code":"(\w+)"/.exec(body)?.[1] ?? String(status);
}
