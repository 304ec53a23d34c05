/**
 * A room in a React component, whole: no state of your own, no effect, no double rendering.
 *
 *     const { messages, typing, actions } = useRoom(client, "lobby");
 */
import { useSyncExternalStore } from "react";
import type { Client, ConnectionState, Room, RoomSnapshot } from "roomful-client";

/**
 * Who renders a room is in it: to leave, render something else first, and call `leave()` of its `actions` after that.
 */
export function useRoom(client: Client, name: string): RoomSnapshot & { actions: Room } {
  // The same object at each call, so that nothing has to be remembered here.
  const room = client.room(name);
  return { ...useSyncExternalStore(room.subscribe, room.getSnapshot), actions: room };
}

export function useConnection({ connection }: Client): ConnectionState {
  return useSyncExternalStore(connection.subscribe, connection.getSnapshot);
}
