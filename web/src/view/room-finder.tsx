import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { hashOfRoom, isRoomName, toRoomName } from "../model/room-name";
import type { Session } from "../model/session";
import { Icon } from "./icon";
import { useWords } from "./language-context";
import { useRoomList } from "./use-room-list";

const MOST_SHOWN = 30;

export interface RoomFinderProps {
  session: Session;
  openRooms: readonly string[];
  onOpen(room: string): void;
  onVisit(): void;
  /** What stands between the field and the list. */
  children: ComponentChildren;
}

/** One field for both: what is typed narrows the list of busy rooms, and Enter opens the room of that name. */
export function RoomFinder({ session, openRooms, onOpen, onVisit, children }: RoomFinderProps) {
  const { translate } = useWords();
  const [typed, setTyped] = useState("");
  const [isRefused, setRefused] = useState(false);
  const name = toRoomName(typed);
  const { rooms, refresh } = useRoomList(session, name);
  const others = rooms.filter(({ room }) => !openRooms.includes(room)).slice(0, MOST_SHOWN);

  return (
    <>
      <form
        class="finder"
        onSubmit={(event) => {
          event.preventDefault();
          setRefused(!isRoomName(name));
          if (isRoomName(name)) {
            setTyped("");
            onOpen(name);
          }
        }}
      >
        <div class="finder-row">
          <input
            class="field"
            aria-label={translate("findRoom")}
            placeholder={translate("roomPlaceholder")}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            value={typed}
            aria-invalid={isRefused}
            aria-describedby={isRefused ? "room-problem" : undefined}
            onFocus={refresh}
            onInput={({ currentTarget }) => {
              setTyped(currentTarget.value);
              setRefused(false);
            }}
          />
          <button class="button" type="submit">
            {translate("open")}
          </button>
        </div>
        {isRefused && (
          <p id="room-problem" class="problem" role="alert">
            {translate("roomNameWrong")}
          </p>
        )}
      </form>
      {children}
      <section class="rooms-part rooms-busy" aria-label={translate("busyRooms")}>
        <h2>{translate("busyRooms")}</h2>
        {others.length === 0 && (name === "" || isRoomName(name)) && (
          <p class="hint">{translate(name === "" ? "noBusyRooms" : "noMatches")}</p>
        )}
        <ul>
          {others.map(({ room, count }) => (
            <li key={room}>
              <a
                class="room"
                href={hashOfRoom(room)}
                onClick={() => {
                  setTyped("");
                  onVisit();
                }}
              >
                <span class="room-name" title={room}>
                  {room}
                </span>
                <span class="room-count" aria-hidden="true">
                  <Icon name="people" />
                  {count}
                </span>
                <span class="visually-hidden">, {translate("peopleCount", { count })}</span>
              </a>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
