import { parseIrcLog } from "../../../../src/cli/replay/irc-log";

const speechIn = (line: string) => parseIrcLog(line).speeches[0];

it("reads who says what, in order, and counts the rest", () => {
  const log = parseIrcLog(
    [
      "=== ada [~ada@host] has joined #room",
      "[10:01] <ada> hello",
      "[10:02] <bob>  two spaces",
      "[10:02]  * bob waves",
      "[10:03] <ada> ",
      "[10:03] <ada>",
      "",
      "[10:04] <ada> bye",
      "",
    ].join("\n"),
  );

  expect(log).toEqual({
    lines: 7,
    speeches: [
      { nick: "ada", text: "hello" },
      { nick: "bob", text: " two spaces" },
      { nick: "ada", text: "bye" },
    ],
    ...{ notSpeech: 2, empty: 2 },
  });
});

it("counts every line once", () => {
  const { lines, speeches, empty, notSpeech } = parseIrcLog("[10:01] <a> x\n[10:01] <a>\n=== x\n\n\nnonsense");

  expect(lines).toBe(4);
  expect(speeches.length + empty + notSpeech).toBe(lines);
});

it.each(["", "\n", "\n\n\n"])("finds nothing in %j", (text) => {
  expect(parseIrcLog(text)).toEqual({ lines: 0, speeches: [], empty: 0, notSpeech: 0 });
});

it.each([
  ["brackets in the text", "[10:01] <ada> <bob> [10:02] hi", "<bob> [10:02] hi"],
  ["spaces at the end", "[10:01] <ada> hi  ", "hi  "],
  ["no space after the nick", "[10:01] <ada>hi", "hi"],
  ["control characters that colour it", "[10:01] <ada> \u000304red\u000f", "\u000304red\u000f"],
  ["characters outside of ASCII", "[10:01] <ada> 你好 😀", "你好 😀"],
])("keeps %s", (_what, line, text) => {
  expect(speechIn(line)).toEqual({ nick: "ada", text });
});

it.each(["ada_", "[ada]", "ada|away", "a{d}a", "ada-2", "`ada^"])("takes the nick %s", (nick) => {
  expect(speechIn(`[10:01] <${nick}> hi`)).toEqual({ nick, text: "hi" });
});

it.each([
  "=== ada is now known as bob",
  "[10:01] * ada waves",
  "[10:01] ada: hi",
  "[1:01] <ada> hi",
  "10:01 <ada> hi",
  " [10:01] <ada> hi",
  "[10:01] <> hi",
  "[10:01] <ada hi",
  "[10:01:02] <ada> hi",
])("takes %j for no speech", (line) => {
  expect(parseIrcLog(line)).toEqual({ lines: 1, speeches: [], empty: 0, notSpeech: 1 });
});

it("ends no line at other separators than the line feed", () => {
  const text = "a\u000bb\u000cc\u0085d";

  expect(parseIrcLog(`[10:01] <ada> ${text}\n[10:02] <bob> e`).speeches).toEqual([
    { nick: "ada", text },
    { nick: "bob", text: "e" },
  ]);
});

it("reads a log with the line ends of other systems, and words with every other one", () => {
  expect(parseIrcLog("[10:01] <ada> hi\r\n[10:02] <bob> a\u2028b\rc\r\n").speeches).toEqual([
    { nick: "ada", text: "hi" },
    { nick: "bob", text: "a\u2028b\rc" },
  ]);
});
