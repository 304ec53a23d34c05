import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Room } from "roomful-client";

import type { Session } from "../model/session";
import { countUnread } from "../model/unread";
import { Composer } from "./composer";
import { useWords } from "./language-context";
import { MessageList } from "./message-list";
import { Problem, StatusLine } from "./status-line";
import { TypingLine } from "./typing-line";
import { useIsVisible } from "./use-is-visible";
import { useStore } from "./use-store";

export interface ConversationProps {
  session: Session;
  room: Room;
  name: string;
  /** Buttons at both ends of the head. */
  before: ComponentChildren;
  after: ComponentChildren;
}

const NOTHING_NEW = { count: 0, firstKey: undefined };

/** One room: what was said, who is typing, and where one answers. */
export function Conversation({ session, room, name, before, after }: ConversationProps) {
  const words = useWords();
  const snapshot = useStore(room);
  const mark = useStore(session.marks).get(name);
  const isVisible = useIsVisible();
  const [isAtEnd, setAtEnd] = useState(false);
  const list = useRef<MessageList>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const wasReading = useRef(false);
  const unreadKey = useRef<string | undefined>(undefined);

  const unread = mark ? countUnread(snapshot.messages, mark) : NOTHING_NEW;
  const isReading = isVisible && isAtEnd;
  // What comes while somebody is reading is not marked as new; what came before stays marked while it is read.
  if (unread.firstKey !== undefined && !(isReading && wasReading.current)) {
    unreadKey.current = unread.firstKey;
  }

  useEffect(() => {
    wasReading.current = isReading;
    if (isReading && snapshot.status === "live" && mark && (unread.count > 0 || mark.seq !== snapshot.lastSeq)) {
      session.marks.read(snapshot);
    }
  }, [isReading, snapshot, mark]);

  useEffect(() => {
    // A finger would have the keyboard cover what it came to read.
    const target = matchMedia("(pointer: coarse)").matches ? heading : field;
    target.current?.focus({ preventScroll: true });
  }, []);

  return (
    <main class="conversation">
      <header class="head">
        {before}
        <span class="head-hash" aria-hidden="true">
          #
        </span>
        <h1 ref={heading} tabIndex={-1} title={name}>
          {name}
        </h1>
        <StatusLine session={session} room={room} />
        {after}
      </header>
      <Problem session={session} error={snapshot.error} />
      <MessageList
        {...{ room, snapshot, words, list }}
        unreadKey={unreadKey.current}
        unreadCount={unread.count}
        onAtEnd={setAtEnd}
      />
      <TypingLine room={room} />
      <Composer
        {...{ session, room, name, field }}
        onSent={() => {
          unreadKey.current = undefined;
          list.current?.toEnd();
        }}
      />
    </main>
  );
}
