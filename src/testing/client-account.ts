import type { Ack } from "../contract/acknowledgement";
import type {
  HistoryPage,
  LiveMessage,
  MessageAccepted,
  MessageBody,
  RoomState,
  ServerPayload,
  StoredRun,
} from "../contract/events";
import type { TestClientStep } from "./test-client";

/** Somebody said that this message has this number. */
interface NumberClaim {
  by: string;
  seq: number;
  key: string;
}

/** The client was shown this. */
interface Showing {
  by: string;
  key: string;
  type: string;
  content: string;
  /** Since the client is in the room, without a break. */
  isCurrent: boolean;
  /** It was taken back afterwards. */
  isRetracted: boolean;
}

interface SendAccount {
  /** undefined: the server was to make the id, and has not said which. */
  key: string | undefined;
  content: string;
  /** undefined: there was no answer. */
  reply: Ack<MessageAccepted> | undefined;
}

/** What one client went through in one room, as far as it can be held against the table. */
export interface ClientAccount {
  claims: NumberClaim[];
  showings: Showing[];
  /** Codes by key. */
  retractions: Map<string, string>;
  sends: SendAccount[];
  /** The highest number that was named, and where. */
  highest: { by: string; seq: number };
  /**
   * Above this number the client must have everything; undefined: it is not in the room. "unknown": it joined while
   * Postgres was away, and was not told where it stands.
   */
  completeAbove: number | "unknown" | undefined;
}

/** The key of a message, as text. */
export function keyOf({ userId, id }: { userId: string; id: string }): string {
  return `${userId}/${id}`;
}

/** Reads the account of a room out of a client's steps. */
export function accountOf(userId: string, steps: readonly TestClientStep[], room: string): ClientAccount {
  let account = emptyAccount();
  let epoch: string | null = null;

  for (const step of steps) {
    if (step.kind === "disconnected") {
      leave();
    } else if (step.kind === "answer") {
      readAnswer(step);
    } else if ((step.payload as { room?: unknown } | undefined)?.room === room) {
      readEvent(step.event, step.payload);
    }
  }
  return account;

  function readAnswer({ event, payload, reply }: Extract<TestClientStep, { kind: "answer" }>): void {
    // What a test asks is untyped; the answers are the contract's for the event.
    const asked = payload as { room?: unknown; after?: number; id?: string; content: string };
    if (asked.room !== room) {
      return;
    }
    if (event === "message") {
      const answer = reply as Ack<MessageAccepted> | undefined;
      const id = answer?.ok ? answer.data.id : asked.id;
      account.sends.push({ key: id && keyOf({ userId, id }), content: asked.content, reply: answer });
    } else if (!reply?.ok) {
      return;
    } else if (event === "join") {
      readState("join", reply.data as RoomState, asked.after);
    } else if (event === "history") {
      const { messages, pending = [], lastSeq } = reply.data as HistoryPage;
      showAll("history", messages);
      showAll("history", pending);
      hear("history", lastSeq);
    } else if (event === "leave") {
      leave();
    }
  }

  function readEvent(event: string, payload: unknown): void {
    if (event === "message") {
      const message = payload as LiveMessage;
      readRuns("message.stored", message.stored?.runs ?? []);
      hear("message.tip", message.tip);
      show("message", message);
    } else if (event === "stored") {
      readRuns("stored", (payload as ServerPayload<"stored">).runs);
    } else if (event === "retracted") {
      retract(payload as ServerPayload<"retracted">);
    } else if (event === "room_state") {
      const state = payload as ServerPayload<"room_state">;
      if ("error" in state) {
        leave();
      } else {
        readState("room_state", state, undefined);
      }
    }
  }

  function readState(by: string, state: RoomState, after: number | undefined): void {
    if (epoch !== null && state.epoch !== null && state.epoch !== epoch) {
      // Another life of the room: what was said before means nothing any more.
      account = emptyAccount();
    }
    epoch = state.epoch ?? epoch;
    account.completeAbove ??= completeAbove(state, after);
    showAll(by, state.messages);
    showAll(by, state.pending);
    hear(by, state.lastSeq ?? 0);
  }

  function showAll(by: string, messages: readonly (MessageBody & { seq?: number })[]): void {
    for (const message of messages) {
      show(by, message);
    }
  }

  function show(by: string, message: MessageBody & { seq?: number }): void {
    const { type, content, seq } = message;
    if (type === "system") {
      return;
    }
    const key = keyOf(message);
    account.showings.push({ by, key, type, content, isCurrent: true, isRetracted: false });
    if (seq !== undefined) {
      claim(by, seq, key);
    }
  }

  function readRuns(by: string, runs: readonly StoredRun[]): void {
    for (const { from, items } of runs) {
      for (const [index, [author, id]] of items.entries()) {
        claim(by, from + index, keyOf({ userId: author, id }));
      }
    }
  }

  function claim(by: string, seq: number, key: string): void {
    account.claims.push({ by, seq, key });
    hear(by, seq);
  }

  function hear(by: string, seq: number): void {
    if (seq > account.highest.seq) {
      account.highest = { by, seq };
    }
  }

  function retract({ userId: author, id, code }: ServerPayload<"retracted">): void {
    const key = keyOf({ userId: author, id });
    account.retractions.set(key, code);
    for (const showing of account.showings) {
      showing.isRetracted ||= showing.key === key;
    }
  }

  function leave(): void {
    account.completeAbove = undefined;
    for (const showing of account.showings) {
      showing.isCurrent = false;
    }
  }
}

function emptyAccount(): ClientAccount {
  return {
    claims: [],
    showings: [],
    retractions: new Map(),
    sends: [],
    highest: { by: "", seq: 0 },
    completeAbove: undefined,
  };
}

/** Where the page that a join was answered with begins, if nothing lies between it and what follows. */
function completeAbove({ recovered, messages, hasMore, lastSeq }: RoomState, after = 0): number | "unknown" {
  const [first] = messages;
  if (recovered) {
    return hasMore ? (lastSeq ?? "unknown") : after;
  }
  if (first) {
    return first.seq - 1;
  }
  // Nothing, and more than that: Postgres is away.
  return hasMore ? "unknown" : (lastSeq ?? "unknown");
}
