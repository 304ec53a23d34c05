import type { LiveMessage, MessageBody, RoomState, ServerPayload, User } from "../../src/contract/events";
import type { Clock } from "./clock";
import { type Link, request } from "./connection";
import { createId } from "./create-id";
import { createListeners } from "./listeners";
import type { Outbox, Outgoing } from "./outbox";
import { createRoomLog, keyOf } from "./room-log";
import { createRoomPresence } from "./room-presence";
import { createRoomSync } from "./room-sync";
import { type ClientErrorReply, RoomfulClientError } from "./roomful-client-error";
import type { Room, RoomActions, RoomChange, RoomMessage, RoomSnapshot, RoomStatus, SendResult, Store } from "./types";
import { createTypingNotice } from "./typing-notice";

export interface RoomParts {
  clock: Clock;
  random(): number;
  maxMessages: number;
  outbox: Pick<Outbox, "add" | "open" | "reject">;
  /** Keeps an unanswered send beyond this process. */
  keep(message: Outgoing): void;
  onLeft(): void;
}

/** A room, and what the client tells it. */
export type ManagedRoom = ReturnType<typeof createRoom>;

const OLDER_PAGE_SIZE = 50;
const NOBODY: User = { userId: "", username: "", color: "" };
const CLOSED: ClientErrorReply = {
  code: "CLOSED",
  message: "The room was left.",
  retryable: false,
};

/** One room: what is in it, in a form that can be shown, and what can be done in it. */
export function createRoom(name: string, { clock, random, maxMessages, outbox, keep, onLeft }: RoomParts) {
  const watchers = createListeners();
  const listeners = createListeners<[change: RoomChange]>();
  let link: Link | undefined;
  let user = NOBODY;
  let status: RoomStatus = "joining";
  let error: RoomfulClientError | undefined;
  let snapshot: RoomSnapshot | undefined;
  let messages: readonly RoomMessage[] | undefined;
  let loading: Promise<void> | undefined;

  const log = createRoomLog({
    maxMessages,
    now: clock.now,
    onChange(change) {
      messages = undefined;
      listeners.call(change);
    },
  });
  const presence = createRoomPresence(clock, changed);
  const noticeTyping = createTypingNotice(clock, (isTyping) => link?.emit("typing", { room: name, isTyping }));
  const sync = createRoomSync({
    ...{ room: name, log, clock, random, onRefused, onRead: become },
    onJoined(state: RoomState) {
      presence.replace(state);
      become("catching-up");
      outbox.open(name);
    },
  });

  function changed(): void {
    snapshot = undefined;
    watchers.call();
  }

  function become(next = status, reason?: RoomfulClientError): void {
    status = next;
    error = reason;
    changed();
  }

  function onRefused(reply: ClientErrorReply): void {
    sync.down();
    become("refused", new RoomfulClientError(reply));
    outbox.reject(name, reply);
  }

  /** Shows what was written here. */
  function show({ room: _room, ...said }: Outgoing, how: "sending" | "failed", reason?: RoomfulClientError): void {
    const { type = "text" } = said;
    log.putLocal(
      { ...(said as MessageBody), ...user, type, createdAt: new Date(clock.now()).toISOString() },
      how,
      reason,
    );
    changed();
  }

  function getSnapshot(): RoomSnapshot {
    messages ??= log.list();
    const { hasOlder, lastSeq } = log;
    snapshot ??= { room: name, status, error, messages, hasOlder, lastSeq, ...presence.state };
    return snapshot;
  }

  function failedMessage(id: string): RoomMessage {
    const message = log.find(keyOf({ ...user, id }));
    if (message?.status !== "failed") {
      throw new Error(`${id} has not failed`);
    }
    return message;
  }

  async function readOlder(limit: number): Promise<void> {
    const { firstSeq: before, hasOlder } = log;
    if (hasOlder) {
      log.applyBefore(await request(link, "history", { room: name, before, limit }), before);
      changed();
    }
  }

  function end(): void {
    down();
    become("left");
    outbox.reject(name, CLOSED);
  }

  function down(): void {
    link = undefined;
    sync.down();
    presence.silence();
    if (!error) {
      become("joining");
    }
  }

  function apply(event: string, payload: unknown): void {
    if (event === "message") {
      const message = payload as LiveMessage;
      presence.stopTyping(message.userId);
      if (!log.applyMessage(message)) {
        void sync.catchUp();
      }
    } else if (event === "stored") {
      if (!log.applyStored(payload as ServerPayload<"stored">)) {
        void sync.catchUp();
      }
    } else if (event === "retracted") {
      const { userId, id } = payload as ServerPayload<"retracted">;
      log.applyRetracted(userId, id);
    } else if (event === "typing") {
      presence.applyTyping(payload as ServerPayload<"typing">);
    } else if (event === "presence_changed") {
      presence.applyChange(payload as ServerPayload<"presence_changed">);
    } else if (event === "user_joined" || event === "user_left") {
      const step = payload as ServerPayload<"user_left">;
      presence.stopTyping(step.userId);
      presence.replace(step);
    } else if (event === "room_state") {
      const state = payload as ServerPayload<"room_state">;
      if ("error" in state) {
        onRefused(state.error);
      } else {
        log.applyState(state, false);
        presence.replace(state);
      }
    }
  }

  const actions: Store<RoomSnapshot> & RoomActions = {
    subscribe: watchers.add,
    onChange: listeners.add,
    getSnapshot,
    send(content, { id = createId(clock.now(), random), type, replyTo, mentions, metadata } = {}): Promise<SendResult> {
      // What is undefined is not sent.
      const message: Outgoing = { room: name, id, content, type, replyTo, mentions, metadata };
      noticeTyping(false);
      show(message, "sending");
      keep(message);
      const sent = outbox.add(message);
      if (status === "left" || error) {
        outbox.reject(name, error ?? CLOSED);
      }
      return sent;
    },

    async resend(id) {
      const message = failedMessage(id);
      return actions.send(message.content, message);
    },

    discard(id) {
      log.remove(failedMessage(id));
      changed();
    },

    setTyping: noticeTyping,

    loadOlder(limit = OLDER_PAGE_SIZE) {
      loading ??= readOlder(limit).finally(() => {
        loading = undefined;
      });
      return loading;
    },

    async leave() {
      const last = link;
      end();
      onLeft();
      await last?.ask("leave", { room: name });
    },
  };

  const room = actions as Room;
  for (const property of Object.keys(getSnapshot()) as (keyof RoomSnapshot)[]) {
    Object.defineProperty(room, property, { get: () => getSnapshot()[property] });
  }

  return {
    room,
    show,
    down,
    end,

    /** There is a connection. */
    up(next: Link, self: User): void {
      link = next;
      user = self;
      log.adopt(self);
      become("joining");
      sync.up(next);
    },

    /** A send was refused because this client is not in the room. */
    rejoin(): void {
      if (status !== "joining") {
        become("joining");
        void sync.catchUp();
      }
    },

    onStored({ id }: Outgoing, { seq, createdAt }: SendResult): void {
      log.applyAnswer(keyOf({ ...user, id }), seq, createdAt);
      sync.watch();
      changed();
    },

    /** Something that the server sent to the room. */
    receive(event: string, payload: unknown): void {
      sync.receive(() => {
        apply(event, payload);
        changed();
      });
    },
  };
}
