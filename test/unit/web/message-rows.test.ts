import type { RoomMessage } from "roomful-client";

import { rowsOf } from "../../../web/src/model/message-rows";

const message = (key: string, userId: string, createdAt: string, more: Partial<RoomMessage> = {}): RoomMessage =>
  ({ key, id: key, userId, username: userId, createdAt, type: "text", content: key, ...more }) as RoomMessage;

/** The rows as one line each; `+` marks the first of a group. */
function shown(messages: readonly RoomMessage[], options: { from?: number; unreadKey?: string } = {}): string[] {
  const { from = 0, unreadKey } = options;
  return rowsOf(messages, { from, to: messages.length, unreadKey }).map((row) =>
    row.kind === "message" ? `${row.isFirst ? "+" : ""}${row.key}` : row.kind,
  );
}

it("puts what one person says within five minutes under one name", () => {
  const messages = [
    message("a", "ada", "2026-11-24T10:00:00"),
    message("b", "ada", "2026-11-24T10:04:59"),
    message("c", "bob", "2026-11-24T10:05:00"),
    message("d", "ada", "2026-11-24T10:05:30"),
    message("e", "ada", "2026-11-24T10:11:00"),
  ];

  expect(shown(messages)).toEqual(["day", "+a", "b", "+c", "+d", "+e"]);
});

it("begins anew after a system message, and when somebody has another name", () => {
  const messages = [
    message("a", "ada", "2026-11-24T10:00:00"),
    message("joined", "ada", "2026-11-24T10:00:01", { type: "system" }),
    message("b", "ada", "2026-11-24T10:00:02"),
    message("c", "ada", "2026-11-24T10:00:03", { username: "Ada L." }),
  ];

  expect(shown(messages)).toEqual(["day", "+a", "+joined", "+b", "+c"]);
});

it("begins each day with a separator", () => {
  const messages = [
    message("late", "ada", "2026-11-24T23:59:59"),
    message("early", "ada", "2026-11-25T00:00:01"),
    message("later", "ada", "2026-11-25T00:01:00"),
  ];

  expect(shown(messages)).toEqual(["day", "+late", "day", "+early", "later"]);
});

it("marks the first that was not read", () => {
  const messages = [message("a", "ada", "2026-11-24T10:00:00"), message("b", "ada", "2026-11-24T10:00:01")];

  expect(shown(messages, { unreadKey: "b" })).toEqual(["day", "+a", "unread", "+b"]);
});

it("looks at what is before the part that is shown", () => {
  const messages = [
    message("a", "ada", "2026-11-24T10:00:00"),
    message("b", "ada", "2026-11-24T10:00:01"),
    message("c", "ada", "2026-11-24T10:00:02"),
  ];

  expect(shown(messages, { from: 1 })).toEqual(["b", "c"]);
});
