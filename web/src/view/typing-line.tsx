import type { Room } from "roomful-client";

import { useWords } from "./language-context";
import { useStore } from "./use-store";

/** Who is typing; its place is kept when nobody is. Screen readers are not told: it changes too often. */
export function TypingLine({ room }: { room: Room }) {
  const { translate } = useWords();
  const { typing } = useStore(room);
  const [one, two] = typing.map(({ username }) => username);
  const text =
    one === undefined
      ? ""
      : two === undefined
        ? translate("typingOne", { one })
        : typing.length === 2
          ? translate("typingTwo", { one, two })
          : translate("typingMany");
  return (
    <div class="typing" data-typing>
      {text !== "" && (
        <>
          <span class="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {text}
        </>
      )}
    </div>
  );
}
