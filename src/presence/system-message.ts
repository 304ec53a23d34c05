import type { LiveMessage, User } from "../contract/events";
import { SYSTEM_MESSAGE_TYPE } from "../contract/names";

export type Locale = "en" | "zh";
type Step = "joined" | "left";

const TEMPLATES: Record<Locale, Record<Step, string>> = {
  en: { joined: "{username} joined the room", left: "{username} left the room" },
  zh: { joined: "{username} 加入了房间", left: "{username} 离开了房间" },
};

export interface SystemMessageOptions {
  room: string;
  user: User;
  step: Step;
  locale: Locale;
  /** Text of its own, with `{username}`. */
  template: string | undefined;
  id: string;
  createdAt: Date;
  tip: number;
}

/** The message that tells a room of a join or a leave. It is shown and never stored. */
export function createSystemMessage(options: SystemMessageOptions): LiveMessage {
  const { room, user, step, locale, template = TEMPLATES[locale][step], id, createdAt, tip } = options;
  const { userId, username, color } = user;
  return {
    ...{ id, room, userId, username, color, tip },
    type: SYSTEM_MESSAGE_TYPE,
    // A function: a name may hold "$&", which means something in a replacement text.
    content: template.replaceAll("{username}", () => username),
    createdAt: createdAt.toISOString(),
  };
}
