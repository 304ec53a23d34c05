import type { ErrorReply } from "../../../src/contract/roomful-error";
import { accountOf } from "../../../src/testing/client-account";
import { checkRoom, type RoomReader, readerFaults } from "../../../src/testing/room-check";
import type { TableRow } from "../../../src/testing/room-table";
import type { TestClientStep } from "../../../src/testing/test-client";

const ROOM = "lobby";
const row = (seq: number, id: string, content = id): TableRow => {
  return { namespace: "/", room: ROOM, seq, id, userId: "bob", type: "text", content };
};
const body = (id: string, content = id) => ({ room: ROOM, userId: "bob", id, type: "text", content });

const event = (name: string, payload: object): TestClientStep => {
  return { kind: "event", event: name, payload: { room: ROOM, ...payload }, isTaken: false };
};
const shown = (id: string, more: object = {}) => event("message", { ...body(id), tip: 0, ...more });
const stored = (from: number, ...ids: string[]) =>
  event("stored", { runs: [{ from, items: ids.map((id) => ["bob", id]) }] });
const retracted = (id: string, code: string) => event("retracted", { userId: "bob", id, code });
const joined = (state: object = {}, asked: object = {}): TestClientStep => {
  const data = { room: ROOM, epoch: "e", lastSeq: 0, recovered: null, messages: [], hasMore: false, pending: [] };
  return answer("join", asked, { ok: true, data: { ...data, ...state } });
};
const acknowledged = (seq: number, id: string, content = id) =>
  answer("message", { id, content }, { ok: true, data: { id, seq, createdAt: "", duplicate: false } });
const refused = (id: string, code: ErrorReply["code"]) =>
  answer("message", { id, content: id }, { ok: false, error: { code, message: "", retryable: true } });
const DISCONNECTED: TestClientStep = { kind: "disconnected" };

type Answer = Extract<TestClientStep, { kind: "answer" }>;
function answer(name: Answer["event"], payload: object, reply: Answer["reply"]): Answer {
  return { kind: "answer", event: name, payload: { room: ROOM, ...payload }, reply };
}

/** What bob's steps are found to be against these rows. */
function check(rows: TableRow[], steps: TestClientStep[], { lastSeq = rows.length, mayHaveLost = false } = {}) {
  const witnesses = [{ name: "bob", account: accountOf("bob", steps, ROOM) }];
  return checkRoom({ table: { lastSeq, rows }, witnesses, mayHaveLost });
}

const fine = { wrong: [], missing: [] };

describe("finds nothing wrong with", () => {
  it.each<[string, TableRow[], TestClientStep[]]>([
    ["an empty room", [], [joined()]],
    [
      "what is shown, numbered and acknowledged",
      [row(1, "a")],
      [joined(), shown("a"), stored(1, "a"), acknowledged(1, "a")],
    ],
    [
      "numbers that ride on the next message",
      [row(1, "a"), row(2, "b")],
      [
        ...[joined(), shown("a")],
        ...[shown("b", { stored: { epoch: "e", runs: [{ from: 1, items: [["bob", "a"]] }] } }), stored(2, "b")],
      ],
    ],
    [
      "a page, and what follows it",
      [row(1, "a"), row(2, "b")],
      [...[joined({ lastSeq: 1, messages: [{ ...body("a"), seq: 1 }] }), shown("b", { seq: 2 })]],
    ],
    [
      "what was said before a newcomer's page",
      [row(1, "a"), row(2, "b")],
      [joined({ lastSeq: 2, messages: [{ ...body("b"), seq: 2 }], hasMore: true })],
    ],
    ["what was pending at the join", [row(1, "a")], [joined({ pending: [body("a")] }), stored(1, "a")]],
    ["what somebody missed who has left", [row(1, "a")], [joined(), answer("leave", {}, { ok: true, data: null })]],
    ["what somebody missed who was cut", [row(1, "a")], [joined(), DISCONNECTED]],
    [
      "what was cut off and caught up",
      [row(1, "a"), row(2, "b")],
      [
        ...[joined(), shown("a"), DISCONNECTED],
        joined(
          {
            recovered: true,
            lastSeq: 2,
            messages: [body("a"), body("b")].map((each, index) => ({ ...each, seq: index + 1 })),
          },
          { after: 0 },
        ),
      ],
    ],
    ["a refused send that is not there", [], [joined(), refused("a", "OVERLOADED")]],
    [
      "a refused send that was sent again",
      [row(1, "a")],
      [...[joined(), refused("a", "OVERLOADED"), shown("a"), stored(1, "a"), acknowledged(1, "a")]],
    ],
    [
      "another content of a known id, taken back",
      [row(1, "a")],
      [
        ...[
          joined(),
          shown("a"),
          stored(1, "a"),
          shown("a", { content: "other" }),
          retracted("a", "IDEMPOTENCY_CONFLICT"),
        ],
        refused("a", "IDEMPOTENCY_CONFLICT"),
      ],
    ],
    ["what was retracted and is not stored", [], [joined(), shown("a"), retracted("a", "STORAGE_REJECTED")]],
    ["system messages", [], [joined(), shown("s", { type: "system" })]],
    ["other rooms", [], [joined(), event("message", { ...body("a"), room: "elsewhere", tip: 5 })]],
    [
      "another life of the room",
      [row(1, "b")],
      [
        ...[joined(), shown("a"), stored(1, "a"), acknowledged(1, "a")],
        event("room_state", {
          epoch: "f",
          lastSeq: 1,
          recovered: false,
          messages: [{ ...body("b"), seq: 1 }],
          pending: [],
          hasMore: false,
        }),
      ],
    ],
    [
      "a join without Postgres, from its first number on",
      [row(1, "a"), row(2, "b")],
      [...[joined({ lastSeq: null, epoch: null, hasMore: true }), shown("b"), stored(2, "b")]],
    ],
  ])("%s", (_what, rows, steps) => {
    expect(check(rows, steps)).toEqual(fine);
  });
});

describe("finds", () => {
  it.each<[string, TableRow[], TestClientStep[], string]>([
    [
      "an acknowledged message that is not there",
      [],
      [acknowledged(1, "a")],
      'bob: the send bob/a "a" was acknowledged as number 1; the table has no such message',
    ],
    [
      "one under another number",
      [row(1, "z"), row(2, "a")],
      [acknowledged(1, "a")],
      'bob: the send bob/a "a" was acknowledged as number 1; the table has number 2, text "a"',
    ],
    [
      "one with another content",
      [row(1, "a", "x")],
      [acknowledged(1, "a")],
      'bob: the send bob/a "a" was acknowledged as number 1; the table has number 1, text "x"',
    ],
    [
      "a refused message that is there",
      [row(1, "a")],
      [refused("a", "OVERLOADED")],
      'bob: the send bob/a was refused with OVERLOADED; the table has it as number 1, text "a"',
    ],
    [
      "a number of another message",
      [row(1, "a"), row(2, "b")],
      [stored(1, "b")],
      'bob: stored gave number 1 to bob/b; the table has number 2, text "b"',
    ],
    [
      "two numbers of one message",
      [row(1, "a")],
      [stored(1, "a"), stored(2, "a")],
      'bob: stored gave number 2 to bob/a; the table has number 1, text "a"',
    ],
    ["a number of nothing", [], [stored(1, "a")], "bob: stored gave number 1 to bob/a; the table has no such message"],
    [
      "a wrong number in a message",
      [row(1, "a")],
      [shown("a", { seq: 2 })],
      'bob: message gave number 2 to bob/a; the table has number 1, text "a"',
    ],
    [
      "a content that was shown otherwise",
      [row(1, "a")],
      [shown("a", { content: "x" })],
      'bob: message showed bob/a as text "x"; the table has number 1, text "a"',
    ],
    [
      "a page that says otherwise",
      [row(1, "a")],
      [joined({ lastSeq: 1, messages: [{ ...body("a", "x"), seq: 1 }] })],
      'bob: join showed bob/a as text "x"; the table has number 1, text "a"',
    ],
    [
      "what was taken back and is stored",
      [row(1, "a")],
      [shown("a"), retracted("a", "STORAGE_REJECTED")],
      'bob: retracted took bob/a back (STORAGE_REJECTED); the table has number 1, text "a"',
    ],
    [
      "a tip above the table",
      [row(1, "a")],
      [shown("a", { tip: 7 })],
      "bob: message.tip named number 7; the table ends at 1",
    ],
    ["a hole", [row(1, "a"), row(3, "b")], [], "table: number 2 is missing; number 3 stands in its place"],
    ["a message that is stored twice", [row(1, "a"), row(2, "a")], [], "table: bob/a is stored twice"],
  ])("%s", (_what, rows, steps, fault) => {
    expect(check(rows, steps).wrong).toContain(fault);
  });

  it("a counter that differs from the last number", () => {
    expect(check([row(1, "a")], [], { lastSeq: 4 }).wrong).toEqual([
      "table: the counter of the room is 4, and its last message number 1",
    ]);
  });
});

describe("waits for", () => {
  it.each<[string, TestClientStep[], string]>([
    ["what has not come at all", [joined()], 'bob: has nothing of number 1, bob/a "a"'],
    [
      "the number of what was shown",
      [joined(), shown("a")],
      'bob: was shown, and not told the number of number 1, bob/a "a"',
    ],
    ["what was numbered", [joined(), stored(1, "a")], 'bob: was not shown number 1, bob/a "a"'],
    [
      "what a member missed before it was cut, and did not read",
      [joined(), DISCONNECTED, joined({}, { after: 0 })],
      'bob: has nothing of number 1, bob/a "a"',
    ],
  ])("%s", (_what, steps, gap) => {
    expect(check([row(1, "a")], steps)).toEqual({ wrong: [], missing: [gap] });
  });

  it("the end of what was shown, unless a node has stopped", () => {
    const ghost = 'bob: was shown bob/a "a", which is neither stored nor retracted';

    expect(check([], [joined(), shown("a")])).toEqual({ wrong: [], missing: [ghost] });
    expect(check([], [joined(), shown("a")], { mayHaveLost: true })).toEqual(fine);
    expect(check([], [joined(), shown("a"), DISCONNECTED])).toEqual(fine);
  });
});

describe("a list that keeps itself", () => {
  const rows = [row(1, "a"), row(2, "b"), row(3, "c")];
  const held = (seq: number | undefined, id: string, more: object = {}) => {
    return { seq, userId: "bob", id, type: "text", content: id, status: "stored", ...more };
  };
  const reader = (messages: RoomReader["messages"], hasOlder = false): RoomReader => ({ messages, hasOlder });
  const whole = [held(1, "a"), held(2, "b"), held(3, "c")];

  it.each<[string, RoomReader, string[]]>([
    ["is whole", reader(whole), []],
    ["begins later, and knows it", reader(whole.slice(1), true), []],
    [
      "has system messages and failed ones",
      reader([...whole, held(undefined, "s", { type: "system" }), held(undefined, "f", { status: "failed" })]),
      [],
    ],
    ["begins later, and does not know it", reader(whole.slice(1)), ['lacks number 1, bob/a "a"']],
    ["has a gap", reader([held(1, "a"), held(3, "c")]), ['lacks number 2, bob/b "b"']],
    [
      "has a message without its number",
      reader([held(1, "a"), held(2, "b"), held(undefined, "c")]),
      ['lacks number 3, bob/c "c"', 'holds number ?, bob/c "c", which the table has not'],
    ],
    [
      "is in another order",
      reader([held(2, "b"), held(1, "a"), held(3, "c")]),
      ['holds everything, in another order: number 2, bob/b "b", number 1, bob/a "a", number 3, bob/c "c"'],
    ],
  ])("%s", (_what, list, faults) => {
    expect(readerFaults(list, rows)).toEqual(faults);
  });
});
