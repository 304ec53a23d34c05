import { setTimeout as delay } from "node:timers/promises";
import { io, type Socket } from "socket.io-client";

import type { Ack } from "../../contract/acknowledgement";
import type { HistoryPage } from "../../contract/events";
import { addressBelow } from "./address-below";
import type { TokenSource } from "./token-source";

export interface ReaderOptions {
  url: string;
  userId: string;
  tokens: TokenSource;
}

const ANSWER_TIMEOUT_MS = 15_000;
const PAGE_SIZE = 200;
const DEFAULT_RETRY_MS = 500;

/** Reads rooms as the service answers them, without the SDK: what checks is not what is checked. */
export class Reader {
  private constructor(private readonly socket: Socket) {}

  /** Connects. Rejects when the service refuses. */
  static async connect({ url, userId, tokens }: ReaderOptions): Promise<Reader> {
    const token = await tokens(url, userId);
    const { origin, pathname: path } = addressBelow(url, "socket.io/");
    const socket = io(origin, {
      ...{ path, auth: { token }, forceNew: true },
      // A service may take one of them only.
      ...{ transports: ["websocket", "polling"], tryAllTransports: true },
    });
    await new Promise((resolve, reject) => {
      socket.once("welcome", resolve);
      socket.once("connect_error", reject);
    });
    return new Reader(socket);
  }

  async join(room: string): Promise<void> {
    await this.call("join", { room, limit: 1 });
  }

  readAfter(room: string, after: number): Promise<HistoryPage> {
    return this.call("history", { room, after, limit: PAGE_SIZE });
  }

  close(): void {
    this.socket.disconnect();
  }

  private async call<Data>(event: string, payload: object): Promise<Data> {
    for (;;) {
      const reply: Ack<Data> = await this.socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload);
      if (reply.ok) {
        return reply.data;
      }
      if (!reply.error.retryable) {
        throw new Error(`${event} was refused: ${reply.error.code}`);
      }
      await delay(reply.error.retryAfterMs ?? DEFAULT_RETRY_MS);
    }
  }
}
