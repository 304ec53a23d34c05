import type { LoadClient } from "./load-client";
import { nowUs } from "./now-us";
import type { SocketPlan } from "./protocol";

const TICK_MS = 1;

/** Makes a worker's senders send, until it is stopped. */
export class Sending {
  /** Messages sent, by room. */
  readonly sent = new Map<string, number>();
  typingsSent = 0;
  latestUs = 0;
  private timer: NodeJS.Timeout | undefined;
  private plan: SocketPlan | undefined;
  private number = 0;

  constructor(private readonly senders: readonly LoadClient[]) {}

  start(plan: SocketPlan): void {
    this.stop();
    this.plan = plan;
    if (this.senders.length === 0) {
      return;
    }
    if (plan.kind === "window") {
      for (let index = 0; index < plan.window; index += 1) {
        for (const client of this.senders) {
          this.send(client, plan.bytes, true);
        }
      }
      return;
    }
    const startedUs = nowUs();
    let done = 0;
    this.timer = setInterval(() => {
      const dueUs = nowUs() - startedUs;
      const due = Math.floor((dueUs / 1e6) * plan.perSecond);
      if (due > done) {
        this.latestUs = Math.max(this.latestUs, dueUs - ((done + 1) / plan.perSecond) * 1e6);
      }
      for (; done < due; done += 1) {
        const client = this.senders[done % this.senders.length] as LoadClient;
        if (plan.kind === "typing") {
          client.sendTyping(true);
          this.typingsSent += 1;
        } else {
          this.send(client, plan.bytes, plan.answerEvery > 0 && done % plan.answerEvery === 0);
        }
      }
    }, TICK_MS);
  }

  /** An acknowledgement has come. */
  answered(client: LoadClient): void {
    if (this.plan?.kind === "window") {
      this.send(client, this.plan.bytes, true);
    }
  }

  stop(): void {
    clearInterval(this.timer);
    this.plan = undefined;
  }

  reset(): void {
    this.sent.clear();
    this.typingsSent = 0;
    this.latestUs = 0;
  }

  private send(client: LoadClient, bytes: number, isAnswered: boolean): void {
    const { room } = client.plan;
    this.sent.set(room, (this.sent.get(room) ?? 0) + 1);
    client.sendMessage(this.number, bytes, isAnswered);
    this.number += 1;
  }
}
