import { readFileSync } from "node:fs";
import { join } from "node:path";

import { createConfig } from "../../../src";
import { listOptions } from "../../../src/config/config";
import { ERROR_CODES } from "../../../src/contract/error-codes";
import { createPayloadSchemas } from "../../../src/contract/payload-schemas";

const read = (path: string): string => readFileSync(join(__dirname, "../../..", path), "utf8");

/** Both READMEs: what the headings above the tables are called, and the words for yes and no. */
const LANGUAGES = [
  {
    file: "README.md",
    clientEvents: "Client to server",
    serverEvents: "Server to client",
    codes: "Error codes",
    options: "Configuration",
    yes: "yes",
    no: "no",
    isTranslated: false,
  },
  {
    file: "README.zh-CN.md",
    clientEvents: "客户端到服务器",
    serverEvents: "服务器到客户端",
    codes: "错误码",
    options: "配置",
    yes: "是",
    no: "否",
    isTranslated: true,
  },
] as const;

describe.each(LANGUAGES)("$file", (language) => {
  const text = read(language.file);

  it("lists every error code with whether it is retryable, and its status", () => {
    const rows = tableUnder(text, language.codes);

    expect(rows.map(([code, , retryable, status]) => [code, retryable, status])).toEqual(
      Object.entries(ERROR_CODES).map(([code, { retryable, httpStatus }]) => [
        quoted(code),
        retryable ? language.yes : language.no,
        String(httpStatus),
      ]),
    );
    expectTexts(
      rows,
      1,
      Object.values(ERROR_CODES).map(({ message }) => message),
    );
  });

  it("lists every variable with its default", () => {
    const options = listOptions();
    const rows = tableUnder(text, language.options);

    expect(rows.map(([variable, value]) => [variable, value])).toEqual(
      options.map(({ variable, option }) => [quoted(variable), shownDefault(option.default)]),
    );
    expectTexts(
      rows,
      2,
      options.map(({ option }) => option.doc + (option.zero === undefined ? "" : ` 0: ${option.zero}.`)),
    );
  });

  it("says what 0 means where it means something, and nowhere else", () => {
    const rows = tableUnder(text, language.options);

    expect(rows.filter(([, , meaning]) => / 0: |0：/.test(meaning ?? "")).map(([variable]) => variable)).toEqual(
      listOptions()
        .filter(({ option }) => option.zero !== undefined)
        .map(({ variable }) => quoted(variable)),
    );
  });

  it("lists every event of a client with its fields", () => {
    const rows = tableUnder(text, language.clientEvents);

    expect(Object.fromEntries(rows.map(([event, payload]) => [event, fieldsIn(payload)]))).toEqual(
      Object.fromEntries(
        Object.entries(createPayloadSchemas(createConfig().limits)).map(([event, { shape }]) => [
          quoted(event),
          Object.entries(shape)
            .map(([field, schema]) => (schema.safeParse(undefined).success ? `${field}?` : field))
            .sort(),
        ]),
      ),
    );
  });

  it("lists every event of the server", () => {
    const rows = tableUnder(text, language.serverEvents);

    expect(rows.map(([event]) => event)).toEqual(serverEvents().map(quoted));
  });

  /** English tables say what the code says; a translation says something, in its own language. */
  function expectTexts(rows: string[][], column: number, texts: string[]): void {
    const shown = rows.map((row) => row[column]);
    if (language.isTranslated) {
      expect(shown.filter((each) => !/\p{Script=Han}/u.test(each ?? ""))).toEqual([]);
    } else {
      expect(shown).toEqual(texts);
    }
  }
});

it("shows the same code in both languages", () => {
  const [english, chinese] = LANGUAGES.map(({ file }) => read(file).match(/^```(js|sh)\n[\s\S]*?^```$/gm));

  expect(english?.length).toBeGreaterThan(5);
  expect(chinese).toEqual(english);
});

/** Rows of the first table under a heading, without its head, a list of cells each. */
function tableUnder(markdown: string, heading: string): string[][] {
  const lines = markdown.split("\n");
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
  const end = lines.findIndex((line, index) => index > start && /^#+ /.test(line));
  const section = start < 0 ? [] : lines.slice(start, end < 0 ? undefined : end);
  const first = section.findIndex((line) => line.startsWith("|"));
  const length = section.slice(first).findIndex((line) => !line.startsWith("|"));
  if (first < 0) {
    throw new Error(`there is no table under "${heading}"`);
  }
  return section.slice(first + 2, length < 0 ? undefined : first + length).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Names of a payload's fields as a cell has them: quoted, with `?` where they may be left out. Defaults stand in brackets. */
function fieldsIn(cell = ""): string[] {
  const withoutDefaults = cell.replace(/\([^)]*\)|（[^）]*）/g, "");
  return Array.from(withoutDefaults.matchAll(/`(\w+\??)`/g), ([, field]) => field ?? "").sort();
}

/** Names in `ServerToClientEvents`, read from its text: a type has no names at run time. */
function serverEvents(): string[] {
  const [, body = ""] =
    /^export interface ServerToClientEvents \{\n([\s\S]*?)^\}/m.exec(read("src/contract/events.ts")) ?? [];
  const names = Array.from(body.matchAll(/^ {2}(\w+): \(/gm), ([, name]) => name ?? "");
  if (!names.includes("message")) {
    throw new Error("the events of the server cannot be read from src/contract/events.ts");
  }
  return names;
}

function shownDefault(value: unknown): string {
  const text = Array.isArray(value) ? value.join(",") : String(value ?? "");
  return text === "" ? "–" : quoted(text);
}

function quoted(text: string): string {
  return `\`${text}\``;
}
