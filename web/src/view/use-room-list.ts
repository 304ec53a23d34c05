import { useCallback, useEffect, useState } from "preact/hooks";
import type { RoomList } from "roomful-client";

import type { Session } from "../model/session";
import { useStore } from "./use-store";

const REFRESH_MS = 10_000;
const QUIET_MS = 250;
const NONE: RoomList = { rooms: [], hasMore: false };

/**
 * Rooms with somebody in them whose names contain what was typed, the fullest first. One page of names is enough for
 * most services; where there are more, those that begin with what was typed are asked for.
 */
export function useRoomList({ client }: Session, typed: string): { rooms: RoomList["rooms"]; refresh(): void } {
  const { status } = useStore(client.connection);
  const [list, setList] = useState(NONE);
  const [hasMore, setHasMore] = useState(false);
  const after = hasMore ? typed : "";

  const refresh = useCallback(() => {
    if (document.visibilityState === "visible") {
      client.rooms(after === "" ? undefined : after).then(
        (found) => {
          setList(found);
          setHasMore((had) => found.hasMore || (had && after !== ""));
        },
        () => {
          // Without a connection, or too often: the list stays as it was until the next time.
        },
      );
    }
  }, [client, after]);

  useEffect(() => {
    if (status !== "connected") {
      return undefined;
    }
    const first = setTimeout(refresh, QUIET_MS);
    const timer = setInterval(refresh, REFRESH_MS);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [status, refresh]);

  const wanted = typed.toLowerCase();
  const rooms = list.rooms.filter(({ room }) => room.toLowerCase().includes(wanted)).sort((a, b) => b.count - a.count);
  return { rooms, refresh };
}
