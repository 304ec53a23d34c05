import { Avatar } from "./avatar";
import { Icon } from "./icon";
import { useWords } from "./language-context";
import { LanguageSwitch } from "./language-switch";
import { Logo } from "./logo";
import { RoomFinder } from "./room-finder";
import { RoomLink, type RoomLinkProps } from "./room-link";
import { useStore } from "./use-store";

export interface SidebarProps extends Pick<RoomLinkProps, "session" | "onLeave" | "onUnread"> {
  active: string | undefined;
  isOpen: boolean;
  /** Something else lies over it. */
  isCovered: boolean;
  onOpen(room: string): void;
  onClose(): void;
  onSignOut(): void;
}

export function Sidebar({ session, active, isOpen, isCovered, onOpen, onClose, onSignOut, ...actions }: SidebarProps) {
  const { translate } = useWords();
  const rooms = useStore(session.rooms);

  return (
    <nav class="sidebar drawer" id="rooms" aria-label={translate("rooms")} data-open={isOpen} inert={isCovered}>
      <div class="brand">
        <Logo />
        <span class="brand-name">Roomful</span>
        <button type="button" class="icon-button drawer-close" aria-label={translate("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div class="rooms">
        <RoomFinder {...{ session, onOpen }} openRooms={rooms} onVisit={onClose}>
          <section class="rooms-part" aria-label={translate("openRooms")}>
            <h2>{translate("openRooms")}</h2>
            {rooms.length === 0 && <p class="hint">{translate("noOpenRooms")}</p>}
            <ul>
              {rooms.map((name) => (
                <RoomLink
                  key={name}
                  {...{ session, name, ...actions }}
                  onVisit={onClose}
                  room={session.client.room(name)}
                  isActive={name === active}
                />
              ))}
            </ul>
          </section>
        </RoomFinder>
      </div>
      <Me session={session} onSignOut={onSignOut} />
    </nav>
  );
}

/** Who is signed in, in which language, and the way out. */
function Me({ session, onSignOut }: Pick<SidebarProps, "session" | "onSignOut">) {
  const { translate } = useWords();
  const { user } = useStore(session.client.connection);
  const { username } = session.identity;
  return (
    <footer class="me">
      <Avatar name={username} color={user?.color} />
      <span class="me-name" title={username}>
        {username}
      </span>
      <LanguageSwitch />
      <button
        type="button"
        class="icon-button"
        aria-label={translate("signOut")}
        title={translate("signOut")}
        onClick={onSignOut}
      >
        <Icon name="signOut" />
      </button>
    </footer>
  );
}
