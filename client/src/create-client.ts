import { io } from "socket.io-client";

import type { User } from "../../src/contract/events";
import { type Clock, systemClock } from "./clock";
import { createConnection, type Link, request } from "./connection";
import { createRoom, type ManagedRoom } from "./create-room";
import { createListeners } from "./listeners";
import { createOutbox } from "./outbox";
import { createOutboxKeeper } from "./outbox-keeper";
import type { Client, ClientOptions } from "./types";

/** What a test may put in the place of the real thing. */
export interface ClientParts {
  clock?: Clock;
  random?: () => number;
  connect?: typeof io;
}

const MAX_MESSAGES = 10_000;

/** Connects to a Roomful service, and stays connected until `close`. One client is for one user. */
export function createClient(options: ClientOptions, parts: ClientParts = {}): Client {
  const { clock = systemClock, random = Math.random, connect = io } = parts;
  const { maxMessages = MAX_MESSAGES, namespace = "/", storage } = options;
  const rooms = new Map<string, ManagedRoom>();
  const listeners = new Map<string, ReturnType<typeof createListeners<[payload: unknown]>>>();
  const keeper = createOutboxKeeper(storage, `roomful:outbox:${namespace}`);
  let link: Link | undefined;
  let user: User | undefined;
  let isClosed = false;

  const outbox = createOutbox({
    ...{ clock, random },
    transmit: (message, onReply) => link?.emit("message", message, onReply),
    onStored(message, result) {
      keeper.remove(message.id);
      rooms.get(message.room)?.onStored(message, result);
    },
    onFailed(message, error) {
      if (!isClosed) {
        keeper.remove(message.id);
      }
      rooms.get(message.room)?.show(message, "failed", error);
    },
    onNotInRoom: (room) => rooms.get(room)?.rejoin(),
  });

  const { connection, open, close } = createConnection(options, {
    ...{ clock, random, connect },
    onUp(next, self) {
      const isFirst = !user;
      link = next;
      user = self;
      for (const room of rooms.values()) {
        room.up(next, self);
      }
      if (isFirst) {
        void restore(self.userId);
      }
    },
    onDown() {
      link = undefined;
      outbox.close();
      for (const room of rooms.values()) {
        room.down();
      }
    },
    onEvent(event, payload) {
      rooms.get((payload as { room?: string } | null)?.room ?? "")?.receive(event, payload);
      listeners.get(event)?.call(payload);
    },
  });

  /** Sends what this user was not answered before this process began. */
  async function restore(userId: string): Promise<void> {
    const kept = await keeper.load(userId);
    const here = outbox.messages();
    // What was written before the server had said who this is.
    for (const message of here) {
      keeper.add(userId, message);
    }
    // The last first, since each is put before what is there.
    for (const message of kept.reverse()) {
      if (!isClosed && !here.some(({ id }) => id === message.id)) {
        roomOf(message.room).show(message, "sending");
        void outbox.add(message, true);
      }
    }
  }

  function roomOf(name: string): ManagedRoom {
    let managed = rooms.get(name);
    if (!managed) {
      managed = createRoom(name, {
        ...{ clock, random, maxMessages, outbox },
        keep: (message) => user && keeper.add(user.userId, message),
        onLeft: () => rooms.delete(name),
      });
      rooms.set(name, managed);
      if (isClosed) {
        managed.end();
      } else if (link && user) {
        managed.up(link, user);
      }
    }
    return managed;
  }

  void open();
  return {
    connection,
    room: (name) => roomOf(name).room,
    rooms: (after) => request(link, "rooms", { after }),
    on(event, listener) {
      const those = listeners.get(event) ?? createListeners();
      listeners.set(event, those);
      return those.add(listener);
    },
    close() {
      isClosed = true;
      close();
      for (const room of rooms.values()) {
        room.end();
      }
    },
  };
}
