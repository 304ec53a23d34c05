import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { io, type Socket } from "socket.io-client";

import type { Ack, MessageAccepted } from "../../src";

export interface Acknowledged {
  room: string;
  userId: string;
  id: string;
  seq: number;
  /** Sends it took. */
  attempts: number;
}

export interface RetryingSenderOptions {
  url: string;
  token: string;
  userId: string;
  room: string;
  /** Waiting for an answer ends after this, and the same id is sent again. */
  answerTimeoutMs?: number;
  content?: (index: number) => string;
  /** A message is sent, for the first time or again. */
  onAttempt?: (id: string) => void;
}

/** Sends one message after the other, each under its id until it is acknowledged, whatever happens in between. */
export class RetryingSender {
  readonly acknowledged: Acknowledged[] = [];
  /** Milliseconds from the first send of a message to its acknowledgement. */
  readonly answerTimes: number[] = [];
  /** Codes of refusals, and how often each came. */
  readonly refusals = new Map<string, number>();
  unanswered = 0;
  private isOver = false;
  private readonly socket: Socket;

  constructor(private readonly options: RetryingSenderOptions) {
    const { url, token, room } = options;
    this.socket = io(url, {
      auth: { token, rooms: [room] },
      transports: ["websocket"],
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 250,
    });
    this.socket.on("connect_error", () => {
      // A refusal by the service ends the client's own attempts.
      if (!this.socket.active) {
        setTimeout(() => this.socket.connect(), 100);
      }
    });
  }

  /** Sends until `finish`, with so many on their way at a time; resolves when the last one is acknowledged. */
  async run(window = 1): Promise<void> {
    let index = 0;
    const sendOneByOne = async (): Promise<void> => {
      while (!this.isOver) {
        const content = this.options.content?.(index) ?? `message ${index}`;
        index += 1;
        await this.send(content);
      }
    };
    await Promise.all(Array.from({ length: window }, sendOneByOne));
    this.close();
  }

  finish(): void {
    this.isOver = true;
  }

  close(): void {
    this.socket.disconnect();
  }

  /** Sends one message until it is acknowledged; several may be on their way at the same time. */
  async send(content: string): Promise<void> {
    const { room, userId, answerTimeoutMs = 2_000, onAttempt } = this.options;
    const id = randomUUID();
    const startedAtMs = performance.now();
    for (let attempts = 1; ; attempts += 1) {
      onAttempt?.(id);
      const reply = await this.ask({ room, id, content }, answerTimeoutMs);
      if (reply?.ok) {
        this.acknowledged.push({ room, userId, id, seq: reply.data.seq, attempts });
        this.answerTimes.push(performance.now() - startedAtMs);
        return;
      }
      if (!reply) {
        this.unanswered += 1;
        await delay(20);
        continue;
      }
      const { code, retryAfterMs = 20 } = reply.error;
      this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
      if (code === "NOT_IN_ROOM") {
        // After a reconnect the handshake's rooms are joined a moment later.
        await delay(10);
      } else if (reply.error.retryable) {
        await delay(retryAfterMs);
      } else {
        throw new Error(`${userId} was refused for good: ${code}`);
      }
    }
  }

  private async ask(message: object, timeoutMs: number): Promise<Ack<MessageAccepted> | undefined> {
    try {
      return await this.socket.timeout(timeoutMs).emitWithAck("message", message);
    } catch {
      // No answer: its fate is unknown.
      return undefined;
    }
  }
}
