import type { io, Socket } from "socket.io-client";

import type { Ack } from "../../src/contract/acknowledgement";
import type { ClientEventAnswers, ServerPayload, User, Welcome } from "../../src/contract/events";
import type { ErrorReply } from "../../src/contract/roomful-error";
import type { Clock, Timer } from "./clock";
import { createListeners } from "./listeners";
import { reconnectDelayMs } from "./reconnect-delay";
import { NO_ANSWER, RoomfulClientError } from "./roomful-client-error";
import type { ClientConnection, ClientOptions, ConnectionState } from "./types";

/** What the rest of the client sees of one connection, from its welcome to its end. */
export interface Link {
  /** Resolves with undefined when no answer comes in time, or the connection ends. */
  ask<Event extends keyof ClientEventAnswers>(
    event: Event,
    payload: object,
  ): Promise<Ack<ClientEventAnswers[Event]> | undefined>;
  /** Emits; `onReply` is called as late as the answer comes, or never. */
  emit<Event extends keyof ClientEventAnswers>(
    event: Event,
    payload: object,
    onReply?: (reply: Ack<ClientEventAnswers[Event]>) => void,
  ): void;
}

/** Asks, and throws what there is in place of an answer. */
export async function request<Event extends keyof ClientEventAnswers>(
  link: Link | undefined,
  event: Event,
  payload: object,
): Promise<ClientEventAnswers[Event]> {
  const reply = await link?.ask(event, payload);
  if (!reply?.ok) {
    throw new RoomfulClientError(reply?.error ?? NO_ANSWER);
  }
  return reply.data;
}

export interface ConnectionParts {
  clock: Clock;
  random(): number;
  /** socket.io-client's `io`. */
  connect: typeof io;
  onUp(link: Link, user: User): void;
  onDown(): void;
  /** Everything that the server sends, but what concerns the connection itself. */
  onEvent(event: string, payload: unknown): void;
}

const ANSWER_TIMEOUT_MS = 15_000;
/** From the first packet to the welcome. */
const WELCOME_TIMEOUT_MS = 20_000;
/** A connection that lived so long is worth a quick return. */
const STABLE_MS = 10_000;
/** A token that was refused is fetched anew this often in a row. */
const MAX_TOKEN_FAILURES = 3;
/** Also keeps tokens that live for seconds from being renewed without a pause. */
const REFRESH_RETRY_MS = 10_000;
const TOKEN_CODES = /^(TOKEN_|REVOKED)/;

/**
 * Keeps one connection up. Each attempt is a socket of its own, so that nothing of an old one, an acknowledgement or
 * a buffered packet, can be taken for the new one's. Delays between them are our own: Socket.IO caps its delay
 * after the jitter, so that all clients of a server that was long away come back on the same beat.
 */
export function createConnection(options: ClientOptions, parts: ConnectionParts) {
  const { url, namespace = "/", token, getToken = () => token } = options;
  // Not with URL, which React Native has in part only.
  const [, origin, basePath] = /^((?:.*?\/\/)?[^/]*)(.*?)\/*$/.exec(url) as RegExpExecArray;
  const { clock, random, connect, onUp, onDown, onEvent } = parts;
  const listeners = createListeners();
  let state: ConnectionState = { status: "connecting" };
  /** Counts attempts and their ends: what is answered to an older one does not count. */
  let run = 0;
  let socket: Socket | undefined;
  let timer: Timer | undefined;
  let refreshTimer: Timer | undefined;
  let closing: RoomfulClientError | undefined;
  let lastSocketId: string | undefined;
  let tokenFailures = 0;
  let attempts = 0;
  let isClosed = false;
  let connectedAtMs = 0;
  /** Asked and not answered; undefined: there is no link. */
  let waiting: Set<() => void> | undefined;

  function set(change: Partial<ConnectionState>): void {
    state = { ...state, ...change };
    listeners.call();
  }

  /** Begins an attempt. */
  async function open(): Promise<void> {
    run += 1;
    const own = run;
    timer = clock.setTimer(() => lose(new RoomfulClientError(NO_ANSWER)), WELCOME_TIMEOUT_MS);
    set({ status: "connecting", retryAtMs: undefined });
    try {
      const fresh = await getToken();
      if (own === run) {
        openWith(fresh);
      }
    } catch (error) {
      if (own === run) {
        lose(error as Error);
      }
    }
  }

  function openWith(fresh: string | undefined): void {
    const next = connect(origin + namespace, {
      path: `${basePath}/socket.io`,
      // A service may refuse one of them.
      ...{ transports: ["polling", "websocket"], tryAllTransports: true },
      // Also `path`, `transports` and `withCredentials`; the rest means nothing there.
      ...options,
      ...{ forceNew: true, reconnection: false, autoConnect: false },
      auth: { token: fresh, lastSocketId },
    });
    socket = next;
    // A refusal by the service; without data the network, or something on the way.
    next.on("connect_error", (error: Error & { data?: ErrorReply }) =>
      lose(error.data?.code ? new RoomfulClientError(error.data) : error),
    );
    next.on("disconnect", (reason) => lose(closing ?? new Error(reason)));
    next.onAny(receive);
    next.connect();
  }

  function receive(event: string, payload: unknown): void {
    if (event === "welcome") {
      greet(payload as Welcome);
    } else if (event === "closing") {
      closing = new RoomfulClientError(payload as ErrorReply);
    } else if (event === "draining") {
      timer?.clear();
      timer = clock.setTimer(connection.reconnect, (payload as ServerPayload<"draining">).reconnectAfterMs);
    } else if (event === "token_expiring") {
      void refreshToken();
    } else {
      onEvent(event, payload);
    }
  }

  function greet({ socketId, userId, username, color, lastDisconnect }: Welcome): void {
    const user = { userId, username, color };
    timer?.clear();
    waiting = new Set();
    lastSocketId = socketId;
    closing = undefined;
    tokenFailures = 0;
    connectedAtMs = clock.now();
    set({
      ...{ status: "connected", user, socketId, error: undefined },
      lastDisconnect: lastDisconnect && new RoomfulClientError(lastDisconnect),
    });
    onUp({ ask, emit }, user);
  }

  const emit: Link["emit"] = (event, payload, onReply = () => {}) => void socket?.emit(event, payload, onReply);

  const ask: Link["ask"] = (event, payload) =>
    new Promise((resolve) => {
      const asked = waiting;
      const settle = (reply?: Parameters<typeof resolve>[0]): void => {
        timeout.clear();
        asked?.delete(settle);
        resolve(reply);
      };
      const timeout = clock.setTimer(settle, ANSWER_TIMEOUT_MS);
      asked?.add(settle);
      emit(event, payload, settle);
    });

  /** The connection has ended, or could not be made. */
  function lose(error: Error): void {
    const next = run + 1;
    abandon();
    // Who was told of it may have closed the client, or connected anew.
    if (isClosed || run !== next) {
      return;
    }
    const reply = error instanceof RoomfulClientError ? error : undefined;
    if (reply?.retryable === false) {
      tokenFailures += 1;
      if (!options.getToken || !TOKEN_CODES.test(reply.code) || tokenFailures > MAX_TOKEN_FAILURES) {
        set({ status: "refused", error });
        return;
      }
    }
    const delayMs = (reply?.retryAfterMs ?? 0) + reconnectDelayMs(attempts, random);
    attempts += 1;
    timer = clock.setTimer(open, delayMs);
    set({ status: "waiting", error, retryAtMs: clock.now() + delayMs });
  }

  /** Ends what there is, as a network that is lost: the others in the rooms do not see us go and come. */
  function abandon(): void {
    const asked = waiting;
    run += 1;
    timer?.clear();
    refreshTimer?.clear();
    waiting = undefined;
    // Nothing of it is listened to any more.
    socket?.off().offAny();
    socket?.io.engine?.close();
    socket?.disconnect();
    socket = undefined;
    if (asked) {
      // A server that takes connections only to drop them is not asked every second.
      if (clock.now() - connectedAtMs >= STABLE_MS) {
        attempts = 0;
      }
      set({ socketId: undefined });
      for (const settle of asked) {
        settle();
      }
      onDown();
    }
  }

  /** The token in use is about to expire. */
  async function refreshToken(): Promise<void> {
    const own = run;
    refreshTimer?.clear();
    // Again, if the application's own service is out of reach, until this one ends the connection.
    refreshTimer = clock.setTimer(refreshToken, REFRESH_RETRY_MS);
    try {
      const fresh = await options.getToken?.();
      if (fresh && own === run && (await ask("refresh_token", { token: fresh }))?.ok) {
        refreshTimer?.clear();
      }
    } catch {
      // The timer stands.
    }
  }

  const connection: ClientConnection = {
    subscribe: listeners.add,
    getSnapshot: () => state,
    reconnect() {
      if (!isClosed) {
        attempts = tokenFailures = 0;
        abandon();
        void open();
      }
    },
  };

  return {
    connection,
    open,
    close(): void {
      isClosed = true;
      // In order, so that nobody waits for this user to come back.
      socket?.disconnect();
      abandon();
      set({ status: "closed", retryAtMs: undefined });
    },
  };
}
