import { useEffect } from "preact/hooks";
import type { Room } from "roomful-client";

import { hashOfRoom } from "../model/room-name";
import type { Session } from "../model/session";
import { countUnread, shownCount } from "../model/unread";
import { Icon } from "./icon";
import { useWords } from "./language-context";
import { useStore } from "./use-store";

export interface RoomLinkProps {
  session: Session;
  room: Room;
  name: string;
  isActive: boolean;
  /** It is followed, or is where one is already. */
  onVisit(): void;
  onLeave(room: string): void;
  onUnread(room: string, count: number): void;
}

/** An open room in the sidebar, with what was said in it since it was read. */
export function RoomLink({ session, room, name, isActive, onVisit, onLeave, onUnread }: RoomLinkProps) {
  const { translate } = useWords();
  const snapshot = useStore(room);
  const mark = useStore(session.marks).get(name);
  const { count } = mark ? countUnread(snapshot.messages, mark) : { count: 0 };

  useEffect(() => session.marks.begin(snapshot), [snapshot]);
  useEffect(() => onUnread(name, count), [count]);
  useEffect(() => () => onUnread(name, 0), []);

  return (
    <li class="room-item">
      <a
        class="room"
        href={hashOfRoom(name)}
        aria-current={isActive ? "page" : undefined}
        data-unread={count > 0 ? count : undefined}
        onClick={onVisit}
      >
        <span class="room-name" title={name}>
          {name}
        </span>
        {snapshot.status === "refused" && <Icon name="failed" />}
        {count > 0 && (
          <>
            <span class="badge" aria-hidden="true">
              {shownCount(count)}
            </span>
            <span class="visually-hidden">, {translate("unread", { count })}</span>
          </>
        )}
      </a>
      <button
        type="button"
        class="icon-button room-leave"
        aria-label={translate("leaveRoom", { room: name })}
        title={translate("leaveRoom", { room: name })}
        onClick={() => onLeave(name)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
