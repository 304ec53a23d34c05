/**
 * True for text that every part of the way carries unchanged: no NUL (Postgres fails the whole batch, 22021)
 * and no lone surrogate (Postgres stores U+FFFD instead, msgpack eats the next character).
 */
export function isCarriable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** Length in bytes of UTF-8, which is what limits of content count. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
