import type { RoomMessage } from "roomful-client";

import { errorText } from "../model/error-text";
import { splitLinks } from "../model/split-links";
import { Avatar } from "./avatar";
import { Icon } from "./icon";
import { useWords } from "./language-context";
import { memo } from "./memo";

export interface MessageRowProps {
  message: RoomMessage;
  /** It begins what its author says, so that it carries the name. */
  isFirst: boolean;
  onResend(id: string): void;
  onDiscard(id: string): void;
}

/** One message. What people wrote is only ever text, and addresses in it elements made here. */
export const MessageRow = memo(({ message, isFirst, onResend, onDiscard }: MessageRowProps) => {
  const { translate, time } = useWords();
  const { id, userId, username, color, content, status, isOwn, type } = message;
  const marks = { "data-message-id": id, "data-status": status, "data-user": userId };
  const atMs = Date.parse(message.createdAt);
  const when = (
    <time class="message-time" dateTime={message.createdAt} title={time.exact(atMs)}>
      {time.clock(atMs)}
    </time>
  );
  if (type === "system") {
    return (
      <div class="message-system" {...marks} data-system>
        <span data-content>{content}</span> {when}
      </div>
    );
  }
  return (
    <div class="message" {...marks} data-is-first={isFirst} data-is-own={isOwn}>
      <div class="message-side">{isFirst ? <Avatar name={username} color={color} /> : when}</div>
      <div class="message-body">
        {isFirst ? (
          <div class="message-head">
            <span class="message-author">{username}</span>
            {when}
          </div>
        ) : (
          <span class="unseen">{username}: </span>
        )}
        <div class="message-content" dir="auto" data-content>
          {splitLinks(content).map(({ text, href }, index) =>
            href === undefined ? (
              text
            ) : (
              <a key={index} href={href} target="_blank" rel="noopener noreferrer nofollow">
                {text}
              </a>
            ),
          )}
        </div>
        {status === "failed" && (
          <div class="message-failed">
            <span>
              <Icon name="failed" /> {translate("failed")}
              {message.error && `: ${translate(...errorText(message.error))}`}{" "}
              {message.error?.mayBeStored && translate("mayBeStored")}
            </span>
            <button type="button" class="button button-quiet" onClick={() => onResend(id)}>
              {translate("resend")}
            </button>
            <button type="button" class="button button-quiet" onClick={() => onDiscard(id)}>
              {translate("discard")}
            </button>
          </div>
        )}
      </div>
      {isOwn && status !== "failed" && (
        <span class="message-status" role="img" aria-label={translate(status)} title={translate(status)}>
          <Icon name={status === "stored" ? "stored" : "sending"} />
        </span>
      )}
    </div>
  );
});
