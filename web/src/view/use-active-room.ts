import { useCallback, useEffect, useState } from "preact/hooks";

import { hashOfRoom, roomOfHash } from "../model/room-name";
import type { Session } from "../model/session";

/** The room that the address names: links, the browser's buttons and our own keys all go through it. */
export function useActiveRoom(session: Session) {
  const [active, setActive] = useState(() => visit(roomOfHash(location.hash)));

  function visit(room: string | undefined): string | undefined {
    if (room !== undefined) {
      session.open(room);
    }
    return room;
  }

  const go = useCallback(
    (room: string) => {
      setActive(visit(room));
      location.hash = hashOfRoom(room);
    },
    [session],
  );

  const leave = useCallback(
    (room: string) => {
      const rooms = session.rooms.getSnapshot();
      if (roomOfHash(location.hash) === room) {
        // Away from it first, since looking at a room is being in it; and in its place, lest Back leads into it again.
        const at = rooms.indexOf(room);
        const next = rooms[at + 1] ?? rooms[at - 1];
        history.replaceState(null, "", next === undefined ? location.pathname : hashOfRoom(next));
        setActive(visit(next));
      }
      session.leave(room);
    },
    [session],
  );

  useEffect(() => {
    const onHash = (): void => setActive(visit(roomOfHash(location.hash)));
    const onKey = (event: KeyboardEvent): void => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      const rooms = session.rooms.getSnapshot();
      // In a text, some systems move by paragraphs with the same keys.
      const isInText = event.target instanceof HTMLTextAreaElement && event.target.value !== "";
      if (event.altKey && step !== undefined && rooms.length > 0 && !isInText) {
        event.preventDefault();
        const at = rooms.indexOf(roomOfHash(location.hash) ?? "");
        go(rooms[(Math.max(at, step < 0 ? 0 : -1) + step + rooms.length) % rooms.length] as string);
      }
    };
    addEventListener("hashchange", onHash);
    document.addEventListener("keydown", onKey);
    return () => {
      removeEventListener("hashchange", onHash);
      document.removeEventListener("keydown", onKey);
    };
  }, [session]);

  return { active, go, leave };
}
