import { type Language, LOCALES, type Translate } from "./language";
import { dayOf } from "./message-rows";

const DAY_MS = 24 * 60 * 60_000;

/** Times as the reader writes them. Formats are made once: each costs as much as a row. */
export function createTimeFormat(language: Language, translate: Translate) {
  const locale = LOCALES[language];
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "medium" });
  const thisYear = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
  const otherYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });

  return {
    clock: (atMs: number): string => clock.format(atMs),
    exact: (atMs: number): string => exact.format(atMs),
    /** "Today", "Yesterday", or the date. */
    day(atMs: number, nowMs: number): string {
      const day = dayOf(atMs);
      if (day === dayOf(nowMs)) {
        return translate("today");
      }
      if (day === dayOf(nowMs - DAY_MS)) {
        return translate("yesterday");
      }
      const isThisYear = new Date(atMs).getFullYear() === new Date(nowMs).getFullYear();
      return (isThisYear ? thisYear : otherYear).format(atMs);
    },
  };
}

export type TimeFormat = ReturnType<typeof createTimeFormat>;
