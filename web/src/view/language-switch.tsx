import type { Language } from "../model/language";
import { useWords } from "./language-context";

const NAMES: Record<Language, string> = { en: "English", zh: "中文" };

export function LanguageSwitch() {
  const { language, translate, setLanguage } = useWords();
  return (
    <select
      class="language"
      aria-label={translate("language")}
      value={language}
      onChange={({ currentTarget }) => setLanguage(currentTarget.value === "zh" ? "zh" : "en")}
    >
      {(Object.keys(NAMES) as Language[]).map((each) => (
        <option key={each} value={each} lang={each}>
          {NAMES[each]}
        </option>
      ))}
    </select>
  );
}
