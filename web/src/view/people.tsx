import type { Room } from "roomful-client";

import { Avatar } from "./avatar";
import { Icon } from "./icon";
import { useWords } from "./language-context";
import { useStore } from "./use-store";

export interface PeopleProps {
  room: Room;
  userId: string | undefined;
  isOpen: boolean;
  onClose(): void;
}

/** Who is in the room, on any node. */
export function People({ room, userId, isOpen, onClose }: PeopleProps) {
  const { translate, language } = useWords();
  const { members, memberCount, typing, status } = useStore(room);
  const order = new Intl.Collator(language, { numeric: true });
  const sorted = [...members].sort((a, b) => order.compare(a.username, b.username));
  const typists = new Set(typing.map((each) => each.userId));

  return (
    <aside class="people drawer" id="people" aria-label={translate("people")} data-open={isOpen}>
      <div class="people-head">
        <h2>{translate("here")}</h2>
        <span class="people-count">{memberCount}</span>
        <button type="button" class="icon-button drawer-close" aria-label={translate("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {/* Who was here when the connection was lost may be gone. */}
      <ul data-is-known={status === "live" || status === "catching-up"}>
        {sorted.map((member) => (
          <li key={member.userId} class="person" data-user={member.userId} data-is-typing={typists.has(member.userId)}>
            <Avatar name={member.username} color={member.color} />
            <span class="person-name" title={member.username}>
              {member.username}
            </span>
            {member.userId === userId && <span class="person-you">{translate("you")}</span>}
          </li>
        ))}
      </ul>
      {memberCount > sorted.length && (
        <p class="hint">{translate("morePeople", { count: memberCount - sorted.length })}</p>
      )}
    </aside>
  );
}
