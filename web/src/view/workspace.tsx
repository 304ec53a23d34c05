import { useCallback, useEffect, useState } from "preact/hooks";

import type { Session } from "../model/session";
import { shownCount } from "../model/unread";
import { Conversation } from "./conversation";
import { Icon } from "./icon";
import { useWords } from "./language-context";
import { Lobby } from "./lobby";
import { People } from "./people";
import { Sidebar } from "./sidebar";
import { useActiveRoom } from "./use-active-room";
import { type DrawerName, useDrawer } from "./use-drawer";
import { useStore } from "./use-store";

/** Everything that somebody who has signed in sees. */
export function Workspace({ session, onSignOut }: { session: Session; onSignOut(): void }) {
  const { translate } = useWords();
  const { active, go, leave } = useActiveRoom(session);
  const { drawer, open, close } = useDrawer();
  const { total, onUnread } = useUnreadTotal();
  const { user } = useStore(session.client.connection);
  const room = active === undefined ? undefined : session.client.room(active);

  useEffect(() => close(), [active]);
  useEffect(() => {
    document.title = `${total > 0 ? `(${shownCount(total)}) ` : ""}${active ? `${active} · ` : ""}Roomful`;
  }, [total, active]);

  const opener = (name: DrawerName, icon: "menu" | "people") => (
    <button
      type="button"
      class={`icon-button drawer-open drawer-open-${name}`}
      aria-label={translate(name)}
      aria-expanded={drawer === name}
      aria-controls={name}
      onClick={() => open(name)}
    >
      <Icon name={icon} />
      {name === "rooms" && total > 0 && <span class="dot" />}
    </button>
  );

  return (
    <div class="workspace">
      <button type="button" class="skip button-main" inert={drawer !== undefined} onClick={focusStage}>
        {translate("skip")}
      </button>
      <Sidebar
        {...{ session, active, onUnread, onSignOut }}
        isOpen={drawer === "rooms"}
        isCovered={drawer === "people"}
        onOpen={(name) => {
          go(name);
          // Also where one is there already.
          close();
        }}
        onLeave={leave}
        onClose={close}
      />
      <div class="stage" inert={drawer !== undefined}>
        {room && active !== undefined ? (
          <Conversation
            key={active}
            {...{ session, room }}
            name={active}
            before={opener("rooms", "menu")}
            after={opener("people", "people")}
          />
        ) : (
          <Lobby session={session} before={opener("rooms", "menu")} />
        )}
      </div>
      {room && <People room={room} userId={user?.userId} isOpen={drawer === "people"} onClose={close} />}
      {drawer && <div class="backdrop" aria-hidden="true" onClick={close} />}
    </div>
  );
}

function focusStage(): void {
  document.querySelector<HTMLElement>(".stage h1")?.focus();
}

/** What is unread in all rooms together, as the rooms' links count it. */
function useUnreadTotal() {
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map());
  const onUnread = useCallback(
    (name: string, count: number) =>
      setCounts((before) => ((before.get(name) ?? 0) === count ? before : new Map([...before, [name, count]]))),
    [],
  );
  return { total: [...counts.values()].reduce((sum, count) => sum + count, 0), onUnread };
}
