import { setTimeout as delay } from "node:timers/promises";
import type { Socket } from "socket.io-client";

import type { Ack } from "../contract/acknowledgement";
import type { ClientEventAnswers, ServerEvent, ServerPayload, Welcome } from "../contract/events";
import type { ClientEvent } from "../contract/payload-schemas";
import type { TestLine } from "./fault-proxy";

interface Received {
  kind: "event";
  event: string;
  payload: unknown;
  /** A `waitFor` has answered with it. */
  isTaken: boolean;
}

/** An event of the contract, or one of a backend's own. */
export type ReceivedEvent = ServerEvent | (string & Record<never, never>);
/** What the contract says of an event; of a backend's own it says nothing. */
export type ReceivedPayload<Event extends ReceivedEvent> = Event extends ServerEvent ? ServerPayload<Event> : unknown;

/** What a client went through, in order: what it was sent, what it was answered, and each end of its connection. */
export type TestClientStep =
  | Readonly<Received>
  | {
      readonly kind: "answer";
      readonly event: ClientEvent;
      readonly payload: object;
      readonly reply: Ack<unknown> | undefined;
    }
  | { readonly kind: "disconnected" };

export interface TestClientParts {
  userId: string;
  namespace: string;
  socket: Socket;
  net: TestLine;
}

/** Not how fast a service must be: how long until it counts as never, on a machine that has other work. */
const WAIT_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 30_000;

/** A client of a test server: it remembers everything that it is sent, so that nothing has to be awaited in advance. */
export class TestClient {
  readonly userId: string;
  readonly namespace: string;
  /** The socket.io-client socket, for what has no method here. */
  readonly socket: Socket;
  /** The way between this client and its node, for it alone. */
  readonly net: TestLine;
  /** Everything so far, in order. */
  readonly steps: readonly TestClientStep[];
  private readonly log: TestClientStep[] = [];
  private readonly events: Received[] = [];
  private readonly listeners = new Set<() => void>();

  private constructor({ userId, namespace, socket, net }: TestClientParts) {
    this.userId = userId;
    this.namespace = namespace;
    this.socket = socket;
    this.net = net;
    this.steps = this.log;
    socket.on("disconnect", () => this.log.push({ kind: "disconnected" }));
    socket.onAny((event: string, payload: unknown) => {
      const received: Received = { kind: "event", event, payload, isTaken: false };
      this.log.push(received);
      this.events.push(received);
      for (const listener of [...this.listeners]) {
        listener();
      }
    });
  }

  /** Connects and waits for `welcome`. Rejects with the error of `connect_error`, which has the reply in `data`. */
  static async connect(parts: TestClientParts): Promise<TestClient> {
    const client = new TestClient(parts);
    await client.reconnect();
    return client;
  }

  /**
   * Connects again after the connection was lost, with the same token, and waits for the new `welcome`. It does not do so
   * by itself, so that a test says when; the rooms of the handshake are joined again.
   */
  async reconnect(): Promise<void> {
    const { socket } = this;
    await new Promise<void>((resolve, reject) => {
      const onWelcome = (): void => {
        socket.off("connect_error", onRefused);
        resolve();
      };
      const onRefused = (error: Error): void => {
        socket.off("welcome", onWelcome);
        socket.disconnect();
        reject(error);
      };
      socket.once("welcome", onWelcome);
      socket.once("connect_error", onRefused);
      socket.connect();
    });
  }

  /** The newest. */
  get welcome(): Welcome {
    return this.received("welcome").at(-1) as Welcome;
  }

  /** Payloads of an event so far, in order. */
  received<Event extends ReceivedEvent>(event: Event): ReceivedPayload<Event>[] {
    return this.events.filter((each) => each.event === event).map(({ payload }) => payload as ReceivedPayload<Event>);
  }

  /** Emits and resolves with the acknowledgement. Rejects when none comes in 30 s. */
  emitWithAck<Event extends ClientEvent>(event: Event, payload: object): Promise<Ack<ClientEventAnswers[Event]>> {
    return new Promise((resolve, reject) => {
      // With a callback and not by promise, which would settle after what came behind the answer.
      const onReply = (error: Error | null, reply: Ack<ClientEventAnswers[Event]>): void => {
        this.log.push({ kind: "answer", event, payload, reply: error ? undefined : reply });
        if (error) {
          reject(error);
        } else {
          resolve(reply);
        }
      };
      this.socket.timeout(ANSWER_TIMEOUT_MS).emit(event, payload, onReply);
    });
  }

  /** Emits and resolves with the answer's data. Rejects when the call is refused, with the reply in the error's `data`. */
  async call<Event extends ClientEvent>(event: Event, payload: object): Promise<ClientEventAnswers[Event]> {
    const reply = await this.emitWithAck(event, payload);
    if (!reply.ok) {
      throw Object.assign(new Error(`${event} was refused: ${JSON.stringify(reply.error)}`), { data: reply.error });
    }
    return reply.data;
  }

  /**
   * Resolves with the first event of this name that fits, of those that came already or are to come, and that
   * no earlier `waitFor` has answered with. Rejects after 30 s, and says what came instead.
   */
  async waitFor<Event extends ReceivedEvent>(
    event: Event,
    predicate: (payload: ReceivedPayload<Event>) => boolean = () => true,
  ): Promise<ReceivedPayload<Event>> {
    const find = (): Received | undefined =>
      this.events.find(
        (each) => !each.isTaken && each.event === event && predicate(each.payload as ReceivedPayload<Event>),
      );
    const found = await this.until(find, () => `no ${event} that fits; ${this.userId} got ${this.describeReceived()}`);
    found.isTaken = true;
    return found.payload as ReceivedPayload<Event>;
  }

  /**
   * Rejects when an event of this name that fits has come, apart from those that `waitFor` has answered with. It waits for
   * everything that the server had sent when this was called.
   */
  async expectNone<Event extends ReceivedEvent>(
    event: Event,
    predicate: (payload: ReceivedPayload<Event>) => boolean = () => true,
  ): Promise<void> {
    await this.fence();
    const unexpected = this.events.filter(
      (each) => !each.isTaken && each.event === event && predicate(each.payload as ReceivedPayload<Event>),
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
