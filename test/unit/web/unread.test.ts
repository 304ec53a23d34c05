import type { RoomMessage } from "roomful-client";

import { countUnread, shownCount } from "../../../web/src/model/unread";

const message = (key: string, seq: number | undefined, more: Partial<RoomMessage> = {}): RoomMessage =>
  ({ key, seq, type: "text", isOwn: false, shownAtMs: 2_000, ...more }) as RoomMessage;

const MARK = { seq: 2, atMs: 1_000 };

it("counts what others have said behind the mark, and finds the first of it", () => {
  const messages = [message("a", 1), message("b", 2), message("c", 3), message("d", 4)];

  expect(countUnread(messages, MARK)).toEqual({ count: 2, firstKey: "c" });
});

it("leaves out one's own and what the service says", () => {
  const messages = [
    message("read", 2),
    message("own", 3, { isOwn: true }),
    message("joined", undefined, { type: "system" }),
    message("other", 4),
  ];

  expect(countUnread(messages, MARK)).toEqual({ count: 1, firstKey: "other" });
});

it("takes the time for what has no number yet", () => {
  const messages = [message("seen", undefined, { shownAtMs: 900 }), message("new", undefined)];

  expect(countUnread(messages, MARK)).toEqual({ count: 1, firstKey: "new" });
});

it("counts what is not loaded between the mark and the first that is here", () => {
  const messages = [message("joined", undefined, { type: "system" }), message("ten", 10), message("eleven", 11)];

  expect(countUnread(messages, MARK)).toEqual({ count: 9, firstKey: "ten" });
});

it("is nothing in a room that was read", () => {
  expect(countUnread([message("a", 1), message("b", 2)], MARK)).toEqual({ count: 0, firstKey: undefined });
});

it("stays short on a badge", () => {
  expect([1, 99, 100].map(shownCount)).toEqual(["1", "99", "99+"]);
});
