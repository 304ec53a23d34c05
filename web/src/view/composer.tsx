import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import type { Room } from "roomful-client";

import { excessBytes } from "../model/content-length";
import type { Session } from "../model/session";
import { Icon } from "./icon";
import { useWords } from "./language-context";

export interface ComposerProps {
  session: Session;
  room: Room;
  name: string;
  field: RefObject<HTMLTextAreaElement | null>;
  onSent(): void;
}

/** Where one writes. What is not sent stays here while one looks at other rooms. */
export function Composer({ session, room, name, field, onSent }: ComposerProps) {
  const { translate } = useWords();
  const [text, setText] = useState(session.drafts.get(name) ?? "");
  const excess = excessBytes(text);

  function change(next: string): void {
    setText(next);
    session.drafts.set(name, next);
  }

  function send(): void {
    if (text.trim() !== "" && excess <= 0) {
      // The service takes every character but NUL and halves of others.
      room.send(text.replaceAll("\0", "").trim().toWellFormed()).catch(() => {
        // It says in the list what became of it.
      });
      change("");
      onSent();
    }
    field.current?.focus();
  }

  // As high as what is written, up to what the style allows.
  useLayoutEffect(() => {
    const area = field.current;
    if (area) {
      area.style.height = "auto";
      area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
    }
  }, [text]);

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        class="composer-field"
        rows={1}
        aria-label={translate("message")}
        aria-describedby={excess > 0 ? "composer-hint composer-problem" : "composer-hint"}
        aria-invalid={excess > 0}
        placeholder={translate("messagePlaceholder", { room: name })}
        enterkeyhint="send"
        dir="auto"
        value={text}
        onInput={({ currentTarget: { value } }) => {
          change(value);
          room.setTyping(value.trim() !== "");
        }}
        onBlur={() => room.setTyping(false)}
        onKeyDown={(event) => {
          // While characters are being composed, Enter chooses one of them; 229 is how Safari says so.
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
            event.preventDefault();
            send();
          }
        }}
      />
      <button class="send" type="submit" aria-label={translate("send")} title={translate("send")}>
        <Icon name="send" />
      </button>
      {excess > 0 && (
        <p id="composer-problem" class="problem" role="alert">
          {translate("tooLong", { count: excess })}
        </p>
      )}
      <p id="composer-hint" class="composer-hint">
        {translate("composerHint")}
      </p>
    </form>
  );
}
