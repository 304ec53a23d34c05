import { HttpPublishing } from "./http-publishing";
import { type Counters, LoadClient } from "./load-client";
import { nowUs } from "./now-us";
import type { Call, Calls, OpenPlan, Reading, RoomCount } from "./protocol";
import { Sending } from "./sending";

/** The clients of one worker process. */
export class WorkerLoad {
  private readonly clients: LoadClient[] = [];
  private readonly senders: LoadClient[] = [];
  private readonly stalled = new Set<LoadClient>();
  private readonly sending = new Sending(this.senders);
  private readonly counters: Counters = emptyCounters();
  private readonly publishing = new HttpPublishing(this.counters, this.sending.sent);

  readonly calls: { [Name in Call]: (argument: Calls[Name]["takes"]) => Promise<Calls[Name]["gives"]> } = {
    open: (plan) => this.open(plan),
    send: async (plan) => {
      if (plan.kind === "http") {
        this.publishing.start(plan, [...new Set(this.clients.map((client) => client.plan.room))]);
      } else {
        this.sending.start(plan);
      }
      return null;
    },
    hush: async () => {
      this.sending.stop();
      this.publishing.stop();
      return null;
    },
    read: async ({ times }) => this.read(times),
    reset: async () => {
      Object.assign(this.counters, emptyCounters());
      this.sending.reset();
      for (const client of this.clients) {
        client.resetCounters();
      }
      return null;
    },
    stall: async (count) => {
      const idle = this.clients.filter(
        (client) => client.plan.sampledAs === undefined && !this.senders.includes(client),
      );
      for (const client of idle.slice(0, count)) {
        client.stall();
        this.stalled.add(client);
      }
      return null;
    },
    close: async () => {
      this.sending.stop();
      this.publishing.stop();
      for (const client of this.clients.splice(0)) {
        client.close();
      }
      this.senders.length = 0;
      this.stalled.clear();
      return null;
    },
  };

  private async open({ host, port, clients, concurrency }: OpenPlan): Promise<{ seconds: number }> {
    const waiting = clients.map(({ name, sends, ...plan }) => {
      const client = new LoadClient(name, plan, this.counters, (each) => this.sending.answered(each));
      this.clients.push(client);
      if (sends) {
        this.senders.push(client);
      }
      return client;
    });
    const startedUs = nowUs();
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let client = waiting[next]; client; client = waiting[next]) {
        next += 1;
        await client.join(host, port);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    return { seconds: (nowUs() - startedUs) / 1e6 };
  }

  private read(times: boolean): Reading {
    const rooms: Record<string, RoomCount> = {};
    for (const [room, sent] of this.sending.sent) {
      rooms[room] = { sent, least: Number.MAX_SAFE_INTEGER, most: 0 };
    }
    const { acksUs, latenciesUs, ...counters } = this.counters;
    for (const client of this.clients) {
      if (this.stalled.has(client)) {
        continue;
      }
      const { room } = client.plan;
      rooms[room] ??= { sent: 0, least: Number.MAX_SAFE_INTEGER, most: 0 };
      rooms[room].least = Math.min(rooms[room].least, client.messages);
      rooms[room].most = Math.max(rooms[room].most, client.messages);
    }
    const { user, system } = process.cpuUsage();
    return {
      ...{ atUs: nowUs(), cpuMs: (user + system) / 1e3, rooms, ...counters },
      ...{ accepted: acksUs.length, acksUs: times ? acksUs : [], latenciesUs: times ? latenciesUs : {} },
      sent: [...this.sending.sent.values()].reduce((sum, count) => sum + count, 0),
      typingsSent: this.sending.typingsSent,
      unanswered: this.clients.reduce((sum, { unanswered }) => sum + unanswered, this.publishing.unanswered),
      sendLateMs: Math.round(this.sending.latestUs / 1e3),
    };
  }
}

function emptyCounters(): Counters {
  return { frames: 0, deliveries: 0, typings: 0, latenciesUs: {}, acksUs: [], refusals: {}, misplaced: 0, closed: 0 };
}
