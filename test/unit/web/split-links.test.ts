import { splitLinks } from "../../../web/src/model/split-links";

/** What is a link, in order. */
const linksOf = (content: string): (string | undefined)[] => splitLinks(content).flatMap(({ href }) => href ?? []);

it("keeps every character of a message", () => {
  const content = "See https://a.example/x?y=1#z, or (http://b.example). 看 https://c.example/你好，再说";

  expect(
    splitLinks(content)
      .map(({ text }) => text)
      .join(""),
  ).toBe(content);
});

it.each([
  ["https://example.org", ["https://example.org/"]],
  ["HTTP://Example.org/A", ["http://example.org/A"]],
  ["end of a sentence: https://example.org/a.", ["https://example.org/a"]],
  ["(https://example.org/a)", ["https://example.org/a"]],
  ["https://example.org/a_(b)", ["https://example.org/a_(b)"]],
  ["one https://a.example two https://b.example!", ["https://a.example/", "https://b.example/"]],
  ["看https://example.org/a，好", ["https://example.org/a"]],
])("finds the addresses in %j", (content, links) => {
  expect(linksOf(content)).toEqual(links);
});

it.each([
  "javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "file:///etc/passwd",
  "//example.org",
  "http://",
  "https://[",
  "ftp://example.org",
  "example.org",
])("makes no link of %j", (content) => {
  expect(splitLinks(content)).toEqual([{ text: content }]);
});

it("ends an address where markup begins", () => {
  expect(linksOf('https://example.org/"onmouseover="alert(1)')).toEqual(["https://example.org/"]);
  expect(linksOf("https://example.org/<img src=x>")).toEqual(["https://example.org/"]);
});

describe("a message that is made to be slow", () => {
  /** Methods of a string that look at all of it. */
  const SEARCHES = ["split", "replace", "indexOf", "lastIndexOf", "trimEnd", "search"] as const;

  afterEach(() => jest.restoreAllMocks());

  it.each([
    ["closing brackets", `http://a/${")".repeat(8_000)}`],
    ["brackets and stops in turn", `http://a/${").".repeat(4_000)}`],
    ["brackets of all kinds", `http://a/${")]}".repeat(2_600)}`],
    ["many addresses", "http://a/). ".repeat(600)],
  ])("with %s is read a few times, and not once for each character", (_what, content) => {
    const spies = SEARCHES.map((method) => jest.spyOn(String.prototype, method));

    splitLinks(content);

    const read = spies.flatMap(({ mock }) => mock.contexts).reduce((sum: number, text) => sum + String(text).length, 0);
    expect(read).toBeLessThan(content.length * 10);
  });

  it.each([
    ["https://a.example/x).", "https://a.example/x"],
    ["https://a.example/(x).)", "https://a.example/(x)"],
    ["https://a.example/[(x])*", "https://a.example/[(x])"],
    ["https://a.example/(x]).._", "https://a.example/(x])"],
    ["https://a.example/{x}})]", "https://a.example/{x}"],
  ])("keeps the brackets that belong to %s", (content, text) => {
    expect(splitLinks(content)[0]?.text).toBe(text);
  });
});
