import { type Client, createClient } from "roomful-client";

import type { Identity, Keeper } from "./identity";
import { createReadMarks, type ReadMarks } from "./read-marks";
import { isRoomName } from "./room-name";
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
  end(): void;
}

export function createSession(identity: Identity, url: string, keeper: Keeper): Session {
  const key = `roomful:rooms:${identity.userId}`;
  const client = createClient({ url, getToken: () => fetchToken(url, identity), storage: keeper });
  const rooms = createValue<readonly string[]>(keptRooms());
  // Joined at the first call: unread messages are counted in all of them.
  rooms.getSnapshot().forEach(client.room);

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
    ...{ identity, client, rooms, drafts: new Map() },
    marks: createReadMarks(keeper, identity.userId, Date.now),
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
    end: () => client.close(),
  };
}

async function fetchToken(url: string, identity: Identity): Promise<string> {
  const response = await fetch(`${url}/dev/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(identity),
  });
  if (!response.ok) {
    throw new Error(`the service hands out no token: ${response.status}`);
  }
  const { token } = (await response.json()) as { token: string };
  return token;
}
