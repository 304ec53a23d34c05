import { createReadMarks } from "../../../web/src/model/read-marks";

const NOW_MS = 1_000;

function setup(kept?: string) {
  const items = new Map<string, string>(kept === undefined ? [] : [["roomful:read:ada", kept]]);
  const keeper = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
  return { marks: createReadMarks(keeper, "ada", () => NOW_MS), items };
}

it.each(["constructor", "toString", "valueOf", "team"])("begins the room %s as read", (room) => {
  const { marks } = setup();

  expect(marks.getSnapshot().get(room)).toBeUndefined();
  marks.begin({ room, status: "live", lastSeq: 7 });

  expect(marks.getSnapshot().get(room)).toEqual({ seq: 7, atMs: NOW_MS });
});

it("keeps the numbers, and goes on from them", () => {
  const { marks, items } = setup();
  marks.read({ room: "constructor", lastSeq: 3 });
  marks.read({ room: "team", lastSeq: 5 });

  expect([...setup(items.get(marks.key)).marks.getSnapshot()]).toEqual([
    ["constructor", { seq: 3, atMs: 0 }],
    ["team", { seq: 5, atMs: 0 }],
  ]);
});

it("takes what another tab has read further, and nothing else", () => {
  const { marks, items } = setup();
  marks.read({ room: "team", lastSeq: 5 });
  marks.read({ room: "tea", lastSeq: 5 });
  items.set(marks.key, JSON.stringify({ team: 9, tea: 2, valueOf: 1 }));

  marks.reload();

  const seqs = [...marks.getSnapshot()].map(([room, { seq }]) => [room, seq]);
  expect(Object.fromEntries(seqs)).toEqual({ team: 9, tea: 5, valueOf: 1 });
});

it.each(["null", "[]", "no JSON", '{"team":"x"}'])("begins with nothing read where %s was kept", (kept) => {
  const { marks } = setup(kept);

  expect(marks.getSnapshot().get("team")?.seq ?? 0).toBe(0);
});
