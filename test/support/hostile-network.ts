import { io, type Socket } from "socket.io-client";

import type { Clock, Timer } from "../../client/src";

/** How often what goes wrong; a part of 1 for each packet, connection or attempt. */
export interface Hostility {
  /** A connection is cut each so many ms on average; what is on its way is lost. */
  cutEveryMs: number;
  refusedAttempt: number;
  /** A call that never reaches the server, on a connection that lives on. */
  lostCall: number;
  repeatedCall: number;
  lostAnswer: number;
  repeatedAnswer: number;
  /** An answer that comes long after its time, also when its connection is gone. */
  lateAnswer: number;
  lostEvent: number;
  repeatedEvent: number;
  /** Each packet is on its way for up to so long; none overtakes another of its direction. */
  maxDelayMs: number;
}

const PEACE: Hostility = {
  ...{ cutEveryMs: Number.POSITIVE_INFINITY, refusedAttempt: 0, lostCall: 0, repeatedCall: 0, lostAnswer: 0 },
  ...{ repeatedAnswer: 0, lateAnswer: 0, lostEvent: 0, repeatedEvent: 0, maxDelayMs: 0 },
};

/** What became of packets, for the record. */
export type FaultCounts = Record<"cuts" | "lost" | "repeated" | "late" | "refused", number>;

export interface HostileNetwork {
  connect: typeof io;
  /** From now on everything comes through, and no connection is cut. */
  heal(): void;
  readonly counts: FaultCounts;
}

/** What the SDK keeps to itself: without these packets there is no connection at all. */
const OWN_EVENTS = new Set(["welcome", "closing", "draining", "token_expiring"]);

/**
 * Stands between the SDK and socket.io-client's real socket, and loses, repeats and delays what goes through, with the
 * same faults for the same numbers. `pickUrl` takes the place of a load balancer.
 */
export function createHostileNetwork(
  random: () => number,
  pickUrl: () => string,
  hostility: Hostility,
): HostileNetwork {
  const counts: FaultCounts = { cuts: 0, lost: 0, repeated: 0, late: 0, refused: 0 };
  const network = { hostility };
  const cuts = new Set<NodeJS.Timeout>();

  function happens(fault: keyof FaultCounts, part: number): boolean {
    const isHit = random() < part;
    counts[fault] += isHit ? 1 : 0;
    return isHit;
  }

  function connect(_url: string, options: object) {
    const real = io(pickUrl(), options);
    const inbound = createPipe();
    const outbound = createPipe();
    let cut: NodeJS.Timeout | undefined;

    function createPipe() {
      const waiting: (() => void)[] = [];
      let isOpen = true;
      return {
        send(deliver: () => void): void {
          waiting.push(deliver);
          // Whichever timer fires first takes the oldest: no packet overtakes another.
          setTimeout(() => isOpen && waiting.shift()?.(), random() * network.hostility.maxDelayMs);
        },
        close(): void {
          isOpen = false;
        },
      };
    }

    function end(): void {
      clearTimeout(cut);
      inbound.close();
      outbound.close();
    }

    real.on("connect", () => {
      // Exponential: cuts do not know of each other.
      const untilCutMs = -Math.log(1 - random()) * network.hostility.cutEveryMs;
      if (untilCutMs < 60_000) {
        cut = setTimeout(() => {
          counts.cuts += 1;
          real.io.engine.close();
        }, untilCutMs);
        cuts.add(cut);
      }
    });
    real.on("disconnect", end);

    const socket = {
      io: { engine: { close: () => real.io.engine?.close() } },
      on: (event: string, listener: (...args: unknown[]) => void) => real.on(event as "disconnect", listener as never),
      onAny: (listener: (event: string, payload: unknown) => void) =>
        real.onAny((event: string, payload: unknown) => {
          const { lostEvent, repeatedEvent } = network.hostility;
          if (!OWN_EVENTS.has(event) && happens("lost", lostEvent)) {
            return;
          }
          const copies = !OWN_EVENTS.has(event) && happens("repeated", repeatedEvent) ? 2 : 1;
          for (let copy = 0; copy < copies; copy += 1) {
            inbound.send(() => listener(event, payload));
          }
        }),
      off(): unknown {
        real.off();
        return socket;
      },
      offAny(): unknown {
        real.offAny();
        return socket;
      },
      connect(): void {
        if (happens("refused", network.hostility.refusedAttempt)) {
          const [tell] = real.listeners("connect_error") as ((error: Error) => void)[];
          setTimeout(() => tell?.(new Error("the network is away")));
        } else {
          real.connect();
        }
      },
      disconnect(): void {
        end();
        real.disconnect();
      },
      emit(event: string, payload: unknown, onReply: (reply: unknown) => void): void {
        const { lostCall, repeatedCall } = network.hostility;
        if (happens("lost", lostCall)) {
          return;
        }
        const copies = happens("repeated", repeatedCall) ? 2 : 1;
        for (let copy = 0; copy < copies; copy += 1) {
          outbound.send(() => real.connected && real.emit(event, payload, (reply: unknown) => answer(reply, onReply)));
        }
      },
    };

    function answer(reply: unknown, onReply: (reply: unknown) => void): void {
      const { lostAnswer, repeatedAnswer, lateAnswer } = network.hostility;
      if (happens("lost", lostAnswer)) {
        return;
      }
      if (happens("late", lateAnswer)) {
        setTimeout(() => onReply(reply), random() * 3_000);
        return;
      }
      const copies = happens("repeated", repeatedAnswer) ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        inbound.send(() => onReply(reply));
      }
    }

    return socket as unknown as Socket;
  }

  return {
    counts,
    connect: connect as unknown as typeof io,
    heal(): void {
      network.hostility = PEACE;
      for (const cut of cuts) {
        clearTimeout(cut);
      }
    },
  };
}

/** Real time, so many times as fast. */
export function createFastClock(speed: number): Clock {
  const startedAtMs = Date.now();
  return {
    now: () => startedAtMs + (Date.now() - startedAtMs) * speed,
    setTimer(callback, delayMs): Timer {
      const handle = setTimeout(callback, delayMs / speed);
      return { clear: () => clearTimeout(handle) };
    },
  };
}
