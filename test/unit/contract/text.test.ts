import { isCarriable, utf8Length } from "../../../src/contract/text";

it.each([
  ["plain text", "hi"],
  ["nothing", ""],
  ["every control character but NUL", String.fromCharCode(...Array.from({ length: 31 }, (_, index) => index + 1))],
  ["a surrogate pair", "\ud83d\ude00"],
  ["an emoji of several code points", "👩‍👩‍👧"],
  ["a non-character", "\ufffe\uffff"],
  ["a replacement character", "\ufffd"],
  ["right-to-left marks", "\u202e\u200f"],
])("carries %s", (_what, text) => {
  expect(isCarriable(text)).toBe(true);
});

it.each([
  ["NUL alone", "\0"],
  ["NUL at the end", "hi\0"],
  ["NUL in the middle", "h\0i"],
  ["a high surrogate at the end", "hi\ud83d"],
  ["a low surrogate at the beginning", "\ude00hi"],
  ["a high surrogate before a letter", "h\ud83di"],
  ["a pair in the wrong order", "\ude00\ud83d"],
  ["a lone surrogate after a pair", "\ud83d\ude00\ud83d"],
])("does not carry %s", (_what, text) => {
  expect(isCarriable(text)).toBe(false);
});

it.each([
  ["", 0],
  ["a", 1],
  ["é", 2],
  ["语", 3],
  ["😀", 4],
  ["aé语😀", 10],
])("counts the bytes of %j", (text, bytes) => {
  expect(utf8Length(text)).toBe(bytes);
});
