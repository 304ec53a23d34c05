import { checkContract } from "../../support/contract";

const row = (seq: number, id: string, room = "a") => {
  return { namespace: "/", room, seq, id, userId: "u", type: "text", content: "" };
};
const told = (seq: number, id: string, room = "a") => ({ room, userId: "u", id, seq, attempts: 1 });
const clean = { lost: [], duplicates: [], roomsWithHoles: [] };

it("finds nothing where everything is as it was acknowledged", () => {
  expect(checkContract([told(1, "x"), told(1, "y", "b")], [row(1, "x"), row(2, "z"), row(1, "y", "b")])).toMatchObject(
    clean,
  );
});

it.each([
  ["what is not there", [told(1, "x"), told(2, "gone")], [row(1, "x")]],
  ["what has another number", [told(2, "x")], [row(1, "x")]],
  ["what is in another room", [told(1, "x")], [row(1, "x", "b")]],
])("finds %s", (_what, acknowledged, table) => {
  expect(checkContract(acknowledged, table).lost).toHaveLength(1);
});

it("finds what is stored twice", () => {
  expect(checkContract([], [row(1, "x"), row(2, "x")]).duplicates).toEqual(["u x"]);
});

it.each([
  ["a hole", [row(1, "x"), row(3, "y")]],
  ["a number that was given twice", [row(1, "x"), row(1, "y")]],
  ["a beginning above 1", [row(2, "x")]],
])("finds %s", (_what, table) => {
  expect(checkContract([], table).roomsWithHoles).toEqual(["/ a"]);
});
