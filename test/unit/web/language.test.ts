import { chooseLanguage, createTranslate } from "../../../web/src/model/language";
import { TEXTS_EN } from "../../../web/src/model/texts-en";
import { TEXTS_ZH } from "../../../web/src/model/texts-zh";

const blanksOf = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
const kept = (language: string | null) => ({ getItem: () => language });

it("says everything in both languages, with the same blanks", () => {
  const keys = Object.keys(TEXTS_EN) as (keyof typeof TEXTS_EN)[];
  expect(Object.keys(TEXTS_ZH).sort()).toEqual([...keys].sort());
  for (const key of keys) {
    expect([key, blanksOf(TEXTS_ZH[key])]).toEqual([key, blanksOf(TEXTS_EN[key])]);
  }
});

it("has Chinese in Chinese", () => {
  const untranslated = Object.entries(TEXTS_ZH).filter(([, text]) => !/\p{Script=Han}/u.test(text));

  expect(untranslated).toEqual([]);
});

it("fills blanks in, and leaves those without a value", () => {
  const [key] = Object.entries(TEXTS_EN).find(([, text]) => blanksOf(text).length === 1) as [
    keyof typeof TEXTS_EN,
    string,
  ];
  const [blank = ""] = blanksOf(TEXTS_EN[key]);

  expect(createTranslate("en")(key, { [blank.slice(1, -1)]: "<b>" })).toBe(TEXTS_EN[key].replace(blank, "<b>"));
  expect(createTranslate("en")(key)).toBe(TEXTS_EN[key]);
});

it("takes what was chosen before, then the first that the reader prefers, then English", () => {
  expect(chooseLanguage(kept("zh"), ["en"])).toBe("zh");
  expect(chooseLanguage(kept(null), ["fr", "zh-Hans-CN", "en"])).toBe("zh");
  expect(chooseLanguage(kept("xx"), ["fr"])).toBe("en");
});
