import type { ComponentChildren } from "preact";

import { hashOfRoom } from "../model/room-name";
import type { Session } from "../model/session";
import { useWords } from "./language-context";
import { Logo } from "./logo";
import { ConnectionLine, Problem } from "./status-line";

const FIRST_ROOM = "lobby";

/** What stands in a room's place when none is open. */
export function Lobby({ session, before }: { session: Session; before: ComponentChildren }) {
  const { translate } = useWords();
  return (
    <main class="conversation">
      <header class="head">
        {before}
        <ConnectionLine session={session} />
      </header>
      <Problem session={session} />
      <div class="lobby">
        <Logo />
        <h1 tabIndex={-1}>{translate("welcomeTitle")}</h1>
        <p>{translate("welcomeText")}</p>
        <a class="button button-main" href={hashOfRoom(FIRST_ROOM)}>
          {translate("tryRoom", { room: FIRST_ROOM })}
        </a>
      </div>
    </main>
  );
}
