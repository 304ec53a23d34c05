import type { Keeper } from "./identity";
import { TEXTS_EN, type TextKey } from "./texts-en";
import { TEXTS_ZH } from "./texts-zh";

export type Language = "en" | "zh";
/** As the page's `lang` and `Intl` want it. */
export const LOCALES = { en: "en", zh: "zh-CN" } as const satisfies Record<Language, string>;

export const LANGUAGE_KEY = "roomful:language";
const TEXTS: Record<Language, Record<TextKey, string>> = { en: TEXTS_EN, zh: TEXTS_ZH };

/** Looks up one text, and fills in what stands in braces. */
export type Translate = (key: TextKey, values?: Record<string, string | number>) => string;

export function createTranslate(language: Language): Translate {
  return (key, values = {}) =>
    TEXTS[language][key].replace(/\{(\w+)\}/g, (braced, name: string) => String(values[name] ?? braced));
}

/** What was chosen here before, or else the first of the reader's languages that we speak. */
export function chooseLanguage(keeper: Pick<Keeper, "getItem">, preferred: readonly string[]): Language {
  const known = (tag: string | null): Language | undefined => {
    const short = tag?.toLowerCase().split("-")[0];
    return short === "en" || short === "zh" ? short : undefined;
  };
  return [keeper.getItem(LANGUAGE_KEY), ...preferred].map(known).find((language) => language !== undefined) ?? "en";
}
