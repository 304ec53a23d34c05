import { useEffect, useMemo, useState } from "preact/hooks";

import { IDENTITY_KEY, type Identity, keepIdentity, readIdentity } from "../model/identity";
import { chooseLanguage, LANGUAGE_KEY, type Language, LOCALES } from "../model/language";
import type { PageKeeper } from "../model/page-keeper";
import { createSession, type Service } from "../model/session";
import { createWords, LanguageContext } from "./language-context";
import { SignIn } from "./sign-in";
import { Workspace } from "./workspace";

/** The page: who one is and which language one reads, kept in the browser and the same in all its tabs. */
export function Page({ service, keeper }: { service: Service; keeper: PageKeeper }) {
  const [identity, setIdentity] = useState(() => readIdentity(keeper));
  const [language, setLanguage] = useState(() => chooseLanguage(keeper, navigator.languages));
  const userId = identity?.userId;
  const session = useMemo(() => identity && createSession(identity, service, keeper), [userId]);
  const words = useMemo(() => createWords(language, choose), [language]);

  function choose(next: Language): void {
    keeper.setItem(LANGUAGE_KEY, next);
    setLanguage(next);
  }

  function sign(next: Identity | undefined): void {
    keepIdentity(keeper, next);
    setIdentity(next);
    if (!next) {
      history.replaceState(null, "", location.pathname);
    }
  }

  useEffect(() => () => session?.end(), [session]);
  useEffect(() => {
    document.documentElement.lang = LOCALES[language];
    if (!session) {
      document.title = "Roomful";
    }
  }, [language, session]);
  useEffect(() => {
    // Another tab has signed in or out, chosen a language, or gone on in the rooms.
    const onStorage = (event: StorageEvent): void => {
      const key = event.key === null ? null : keeper.keyOf(event.key);
      if (key === undefined) {
        return;
      }
      if (key === IDENTITY_KEY || key === null) {
        setIdentity(readIdentity(keeper));
      } else if (key === LANGUAGE_KEY) {
        setLanguage(chooseLanguage(keeper, navigator.languages));
      } else {
        session?.reload(key);
      }
    };
    addEventListener("storage", onStorage);
    return () => removeEventListener("storage", onStorage);
  }, [session]);

  return (
    <LanguageContext.Provider value={words}>
      {session ? (
        <Workspace key={session.identity.userId} session={session} onSignOut={() => sign(undefined)} />
      ) : (
        <SignIn onSignIn={sign} />
      )}
    </LanguageContext.Provider>
  );
}
