import { type Client, createClient, RoomfulClientError } from "roomful-client";

import type { Identity, Keeper } from "./identity";
import { createReadMarks, type ReadMarks } from "./read-marks";
import { isRoomName, roomOfHash } from "./room-name";
import { createValue, type Value } from "./value";

/** One person who is signed in: the connection, and which rooms are open in this tab. */
export interface Session {
  readonly identity: Identity;
  readonly client: Client;
  readonly rooms: Pick<Value<readonly string[]>, "subscribe" | "getSnapshot">;
  readonly marks: ReadMarks;
  /** What was written and not sent, by room. */
  readonly drafts: Map<string, string>;
  open(room: string): void;
  leave(room: string): void;
  /** Another tab has changed what is kept under this key. */
  reload(key: string): void;
  end(): void;
}

/** Where the page connects. */
export interface Service {
  url: string;
  namespace: string;
}

export function createSession(identity: Identity, { url, namespace }: Service, keeper: Keeper): Session {
  const key = `roomful:rooms:${identity.userId}`;
  const client = createClient({ url, namespace, getToken: () => fetchToken(url, identity), storage: keeper });
  const rooms = createValue<readonly string[]>(keptRooms());
  const marks = createReadMarks(keeper, identity.userId, Date.now);
  // Joined at the first call: unread messages are counted in all of them.
  rooms.getSnapshot().forEach(client.room);
  // The network is back, or somebody is who may have waited long: no need to wait on.
  addEventListener("online", client.connection.reconnect);
  document.addEventListener("visibilitychange", hurry);

  function hurry(): void {
    if (document.visibilityState === "visible" && client.connection.getSnapshot().status === "waiting") {
      client.connection.reconnect();
    }
  }

  function keptRooms(): readonly string[] {
    try {
      const names: unknown = JSON.parse(keeper.getItem(key) ?? "[]");
      return Array.isArray(names) ? names.filter((name) => typeof name === "string" && isRoomName(name)) : [];
    } catch {
      // Of another program, or forbidden: no rooms.
      return [];
    }
  }

  function change(next: readonly string[]): void {
    rooms.set(next);
    keeper.setItem(key, JSON.stringify(next));
  }

  return {
    ...{ identity, client, rooms, marks, drafts: new Map() },
    open(room) {
      client.room(room);
      if (!rooms.getSnapshot().includes(room)) {
        change([...rooms.getSnapshot(), room]);
      }
    },
    leave(room) {
      change(rooms.getSnapshot().filter((each) => each !== room));
      void client.room(room).leave();
    },
    reload(changed) {
      if (changed === marks.key) {
        marks.reload();
      } else if (changed === key) {
        const before = rooms.getSnapshot();
        const kept = keptRooms();
        // The one that is looked at here stays: looking at a room is being in it.
        const looked = roomOfHash(location.hash);
        const next = looked && before.includes(looked) && !kept.includes(looked) ? [...kept, looked] : kept;
        rooms.set(next);
        next.forEach(client.room);
        for (const room of before.filter((each) => !next.includes(each))) {
          void client.room(room).leave();
        }
      }
    },
    end() {
      removeEventListener("online", client.connection.reconnect);
      document.removeEventListener("visibilitychange", hurry);
      client.close();
    },
  };
}

async function fetchToken(url: string, identity: Identity): Promise<string> {
  const response = await fetch(`${url}/dev/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(identity),
  });
  if (response.status === 404) {
    // In production: asking again would not help.
    throw new RoomfulClientError({ code: "NOT_FOUND", message: "There is no /dev/token.", retryable: false });
  }
  if (!response.ok) {
    throw new Error(`/dev/token answers ${response.status}`);
  }
  const { token } = (await response.json()) as { token: string };
  return token;
}
