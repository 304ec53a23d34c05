import { setTimeout as delay } from "node:timers/promises";
import { io, type Socket } from "socket.io-client";

import type { Ack } from "../../contract/acknowledgement";
import type { ClientEventAnswers, ClientToServerEvents, ServerToClientEvents } from "../../contract/events";
import type { ClientEvent } from "../../contract/payload-schemas";
import type { ErrorReply } from "../../contract/roomful-error";
import type { TokenSource } from "./token-source";

const ANSWER_TIMEOUT_MS = 15_000;
/** A call without an answer is repeated this often: its fate is unknown until one comes. */
const MAX_UNANSWERED = 20;
const DEFAULT_RETRY_MS = 500;

/** The service refused for good. */
export class Refusal extends Error {
  constructor(readonly reply: ErrorReply) {
    super(`${reply.code}: ${reply.message}`);
  }
}

export interface ClientOptions {
  url: string;
  userId: string;
  tokens: TokenSource;
}

/** One user's connection. It honours refusals: what may succeed later is sent again, under the same id. */
export class Client {
  /** Calls that were refused for the moment, and sent again. */
  retries = 0;
  /** Rooms to be in, also after the connection was lost. */
  private readonly rooms = new Set<string>();

  private constructor(
    readonly userId: string,
    private readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>,
  ) {}

  /** Connects; resolves when the service has greeted. */
  static async connect({ url, userId, tokens }: ClientOptions): Promise<Client> {
    const token = await tokens(url, userId);
    const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io(url, {
      auth: { token },
      transports: ["websocket"],
      forceNew: true,
      reconnectionDelay: 200,
      reconnectionDelayMax: 2_000,
    });
    const client = new Client(userId, socket);
    await client.connected();
    return client;
  }

  /** Joins a room, and joins it again after each reconnect. */
  async join(room: string): Promise<void> {
    await this.call("join", { room, limit: 1 });
    this.rooms.add(room);
  }

  /** Again is harmless. */
  async leave(room: string): Promise<void> {
    this.rooms.delete(room);
    await this.call("leave", { room }).catch((error: unknown) => {
      // The connection was lost in between: it is out already.
      if (!(error instanceof Refusal && error.reply.code === "NOT_IN_ROOM")) {
        throw error;
      }
    });
  }

  onMessage(listener: ServerToClientEvents["message"]): void {
    this.socket.on("message", listener);
  }

  /** Calls until there is an answer. `onAttempt` is told of each try. Throws a Refusal. */
  async call<Event extends ClientEvent>(
    event: Event,
    payload: object,
    onAttempt: () => void = () => {},
  ): Promise<ClientEventAnswers[Event]> {
    for (let unanswered = 0; ; ) {
      onAttempt();
      const reply = await this.ask<ClientEventAnswers[Event]>(event, payload);
      if (reply?.ok) {
        return reply.data;
      }
      unanswered += reply ? 0 : 1;
      // The connection was lost, and the rooms are being joined again.
      const isBetweenConnections = reply?.error.code === "NOT_IN_ROOM" && this.isRejoining(payload);
      if (!isBetweenConnections && (reply ? !reply.error.retryable : unanswered >= MAX_UNANSWERED)) {
        throw reply ? new Refusal(reply.error) : new Error(`no answer to ${event}`);
      }
      this.retries += 1;
      await delay(reply?.error.retryAfterMs ?? DEFAULT_RETRY_MS);
    }
  }

  close(): void {
    this.socket.disconnect();
  }

  private isRejoining(payload: object): boolean {
    return "room" in payload && this.rooms.has(String(payload.room));
  }

  /** undefined: no answer, its fate is unknown. */
  private async ask<Data>(event: ClientEvent, payload: object): Promise<Ack<Data> | undefined> {
    try {
      // The payload was made for this event; the generic name hides that from the type checker.
      const socket = this.socket as unknown as Socket;
      return (await socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload)) as Ack<Data>;
    } catch {
      // Only the wait for the answer can fail.
      return undefined;
    }
  }

  private connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.on("welcome", () => {
        resolve();
        for (const room of this.rooms) {
          // Who is refused now is refused at the next call too, and reported there.
          void this.ask("join", { room, limit: 1 });
        }
      });
      this.socket.on("connect_error", (error) => {
        const { data: reply } = error as Error & { data?: ErrorReply };
        if (!reply) {
          // The network; the client tries again by itself.
          return;
        }
        if (reply.retryable) {
          this.retries += 1;
          setTimeout(() => this.socket.connect(), reply.retryAfterMs ?? DEFAULT_RETRY_MS);
        } else {
          reject(new Refusal(reply));
        }
      });
    });
  }
}
