import { createContext } from "preact";
import { useContext } from "preact/hooks";

import { createTranslate, type Language, type Translate } from "../model/language";
import { createTimeFormat, type TimeFormat } from "../model/time-format";

export interface Words {
  language: Language;
  translate: Translate;
  time: TimeFormat;
  setLanguage(language: Language): void;
}

export function createWords(language: Language, setLanguage: Words["setLanguage"]): Words {
  const translate = createTranslate(language);
  return { language, translate, time: createTimeFormat(language, translate), setLanguage };
}

export const LanguageContext = createContext<Words>(createWords("en", () => {}));

export function useWords(): Words {
  return useContext(LanguageContext);
}
