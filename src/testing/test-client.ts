import { setTimeout as delay } from "node:timers/promises";
import type { Socket } from "socket.io-client";

import type { Ack } from "../contract/acknowledgement";
import type { ClientEventAnswers, ServerEvent, ServerPayload, Welcome } from "../contract/events";
import type { ClientEvent } from "../contract/payload-schemas";

interface Received {
  event: string;
  payload: unknown;
  /** A `waitFor` has answered with it. */
  isTaken: boolean;
}

const WAIT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 15_000;

/** A client of a test server: it remembers everything that it is sent, so that nothing has to be awaited in advance. */
export class TestClient {
  private readonly events: Received[] = [];
  private readonly listeners = new Set<() => void>();

  private constructor(
    readonly userId: string,
    /** The socket.io-client socket, for what has no method here. */
    readonly socket: Socket,
  ) {
    socket.onAny((event: string, payload: unknown) => {
      this.events.push({ event, payload, isTaken: false });
      for (const listener of [...this.listeners]) {
        listener();
      }
    });
  }

  /** Connects and waits for `welcome`. Rejects with the error of `connect_error`, which has the reply in `data`. */
  static async connect(userId: string, socket: Socket): Promise<TestClient> {
    const client = new TestClient(userId, socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("welcome", () => resolve());
      socket.once("connect_error", (error) => {
        socket.disconnect();
        reject(error);
      });
      socket.connect();
    });
    return client;
  }

  get welcome(): Welcome {
    return this.received("welcome")[0] as Welcome;
  }

  /** Payloads of an event so far, in order. */
  received<Event extends ServerEvent>(event: Event): ServerPayload<Event>[] {
    return this.events.filter((each) => each.event === event).map(({ payload }) => payload as ServerPayload<Event>);
  }

  /** Emits and resolves with the acknowledgement. Rejects when none comes in 15 s. */
  emitWithAck<Event extends ClientEvent>(event: Event, payload: object): Promise<Ack<ClientEventAnswers[Event]>> {
    return this.socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload);
  }

  /** Emits and resolves with the answer's data. Rejects when the call is refused. */
  async call<Event extends ClientEvent>(event: Event, payload: object): Promise<ClientEventAnswers[Event]> {
    const reply = await this.emitWithAck(event, payload);
    if (!reply.ok) {
      throw new Error(`${event} was refused: ${JSON.stringify(reply.error)}`);
    }
    return reply.data;
  }

  /**
   * Resolves with the first event of this name that fits, of those that came already or are to come, and that
   * no earlier `waitFor` has answered with. Rejects after 5 s, and says what came instead.
   */
  async waitFor<Event extends ServerEvent>(
    event: Event,
    predicate: (payload: ServerPayload<Event>) => boolean = () => true,
  ): Promise<ServerPayload<Event>> {
    const find = (): Received | undefined =>
      this.events.find(
        (each) => !each.isTaken && each.event === event && predicate(each.payload as ServerPayload<Event>),
      );
    const found = await this.until(find, () => `no ${event} that fits; ${this.userId} got ${this.describeReceived()}`);
    found.isTaken = true;
    return found.payload as ServerPayload<Event>;
  }

  /**
   * Rejects when an event of this name that fits has come, apart from those that `waitFor` has answered with. It waits for
   * everything that the server had sent when this was called.
   */
  async expectNone<Event extends ServerEvent>(
    event: Event,
    predicate: (payload: ServerPayload<Event>) => boolean = () => true,
  ): Promise<void> {
    await this.fence();
    const unexpected = this.events.filter(
      (each) => !each.isTaken && each.event === event && predicate(each.payload as ServerPayload<Event>),
    );
    if (unexpected.length > 0) {
      throw new Error(`${this.userId} got ${event}: ${JSON.stringify(unexpected.map(({ payload }) => payload))}`);
    }
  }

  /** Resolves when the server has answered something: what it sent before has come. */
  async fence(): Promise<void> {
    // Any answer will do, also this refusal.
    await this.emitWithAck("leave", { room: "fence-of-a-test-client" });
  }

  /** Resolves with the reason when the connection has ended. */
  async disconnected(): Promise<string> {
    if (!this.socket.connected) {
      return "disconnected before";
    }
    return new Promise((resolve) => this.socket.once("disconnect", resolve));
  }

  /** Leaves, as a page does that is closed in order. */
  close(): void {
    this.socket.disconnect();
  }

  /** Cuts the connection under the socket, as a network that is lost. */
  loseTransport(): void {
    this.socket.io.engine.close();
  }

  private async until(find: () => Received | undefined, complain: () => string): Promise<Received> {
    const found = find();
    if (found) {
      return found;
    }
    let listener = (): void => {};
    const arrival = new Promise<Received>((resolve) => {
      listener = () => {
        const late = find();
        if (late) {
          resolve(late);
        }
      };
      this.listeners.add(listener);
    });
    const timeout = new AbortController();
    const late = await Promise.race([
      arrival,
      delay(WAIT_TIMEOUT_MS, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
    this.listeners.delete(listener);
    if (!late) {
      throw new Error(complain());
    }
    return late;
  }

  private describeReceived(): string {
    return this.events.map(({ event, payload }) => `${event} ${JSON.stringify(payload)}`).join("\n") || "nothing";
  }
}
