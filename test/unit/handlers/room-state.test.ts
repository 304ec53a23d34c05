import type { StoredMessage, User } from "../../../src/contract/events";
import { roomStateOf } from "../../../src/handlers/room-state";
import { type Pending, ShownMessages } from "../../../src/room-log/shown-messages";

const MAX_BYTES = 40_000;
/** Names, brackets and numbers around the lists. */
const AROUND_BYTES = 300;

const body = (content: string) => ({
  ...{ id: "id", room: "general", type: "text", content, userId: "alice", username: "Alice" },
  ...{ color: "#000000", createdAt: "2026-01-01T00:00:00.000Z" },
});
const stored = (count: number, content: string): StoredMessage[] =>
  Array.from({ length: count }, (_, index) => ({ ...body(content), seq: index + 1 }));
const people = (count: number, username: string): User[] =>
  Array.from({ length: count }, (_, index) => ({ userId: `user-${index}`, username, color: "#000000" }));
const shown = (count: number, content: string): Pending => {
  const messages = new ShownMessages();
  for (let index = 0; index < count; index += 1) {
    messages.add(`${index}`, { ...body(content), tip: 0 }, 0, 0);
  }
  return messages.newest(MAX_BYTES / 4);
};

function stateOf(
  messages: StoredMessage[],
  pending: Pending,
  users: User[],
  { recovered = null, hasMore = false }: { recovered?: boolean | null; hasMore?: boolean } = {},
) {
  const page = { epoch: "e1", lastSeq: messages.length, recovered, messages, hasMore };
  const present = { users, count: users.length };
  return roomStateOf({ room: "general", page, pending, present, maxBytes: MAX_BYTES });
}

const seqsOf = ({ messages }: { messages: StoredMessage[] }) => messages.map(({ seq }) => seq);

it("passes on what fits as it is", () => {
  const users = people(3, "Bob");
  const { pending } = shown(2, "waits");

  expect(stateOf(stored(5, "hi"), { pending, hasMorePending: false }, users)).toEqual({
    ...{ room: "general", epoch: "e1", lastSeq: 5, recovered: null, hasMore: false, count: 3 },
    ...{ messages: stored(5, "hi"), pending, users },
  });
});

it.each<[string, string]>([
  ["long texts", "x".repeat(2_000)],
  ["characters that take six bytes on the wire", "\u0001".repeat(2_000)],
])("holds the whole answer within the limit: %s", (_name, content) => {
  const state = stateOf(stored(200, content), shown(4_000, content), people(100, "\u0001".repeat(64)));

  expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThanOrEqual(MAX_BYTES + AROUND_BYTES);
  expect(state).toMatchObject({ hasMore: true, hasMorePending: true, count: 100 });
  expect(state.messages.length).toBeGreaterThan(0);
  expect(state.users.length).toBeGreaterThan(0);
});

it("cuts the newest page at its old end, and what follows a number at its new end", () => {
  const messages = stored(50, "x".repeat(2_000));
  const newest = seqsOf(stateOf(messages, shown(0, ""), []));
  const after = seqsOf(stateOf(messages, shown(0, ""), [], { recovered: true }));

  expect(newest.at(-1)).toBe(50);
  expect(after[0]).toBe(1);
  expect([newest.length, newest.length]).toEqual([after.length, 50 - (newest[0] ?? 0) + 1]);
});

it("answers one message, however long it is", () => {
  expect(seqsOf(stateOf(stored(2, "x".repeat(2 * MAX_BYTES)), shown(0, ""), []))).toEqual([2]);
});
