import { useEffect, useRef, useState } from "preact/hooks";

import { type Identity, identityOf, MAX_NAME_LENGTH } from "../model/identity";
import { useWords } from "./language-context";
import { LanguageSwitch } from "./language-switch";
import { Logo } from "./logo";

export function SignIn({ onSignIn }: { onSignIn(identity: Identity): void }) {
  const { translate } = useWords();
  const [name, setName] = useState("");
  const [isRefused, setRefused] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => field.current?.focus(), []);

  return (
    <main class="sign-in">
      <form
        class="sign-in-card"
        onSubmit={(event) => {
          event.preventDefault();
          const identity = identityOf(name);
          setRefused(!identity);
          if (identity) {
            onSignIn(identity);
          }
        }}
      >
        <Logo />
        <h1>Roomful</h1>
        <p class="sign-in-tagline">{translate("tagline")}</p>
        <label for="name">{translate("yourName")}</label>
        <input
          id="name"
          class="field"
          autocomplete="nickname"
          maxLength={MAX_NAME_LENGTH}
          value={name}
          aria-invalid={isRefused}
          aria-describedby="name-hint"
          ref={field}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <button class="button button-main" type="submit">
          {translate("signIn")}
        </button>
        <p id="name-hint" class={isRefused ? "problem" : "hint"} role={isRefused ? "alert" : undefined}>
          {translate(isRefused ? "nameNeeded" : "signInHint")}
        </p>
      </form>
      <LanguageSwitch />
    </main>
  );
}
