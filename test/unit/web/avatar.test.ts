import { avatarGround, contrast, initialsOf } from "../../../web/src/model/avatar";

it("measures contrast as WCAG 2 does", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});

it.each(["#ffffff", "#ffff00", "#00ff00", "#8888ff", "#000000", "#7f7f7f"])(
  "makes a ground on which white initials can be read: %s",
  (color) => {
    expect(contrast(avatarGround(color), "#ffffff")).toBeGreaterThanOrEqual(4.5);
  },
);

it("leaves a dark colour as it is", () => {
  expect(avatarGround("#123456")).toBe("#123456");
});

it.each([
  ["Ada Lovelace", "AL"],
  ["ada", "A"],
  ["grace.hopper", "GH"],
  ["王小明", "小明"],
  ["😀", "😀"],
  ["👩‍💻", "👩‍💻"],
  ["🇨🇳🇩🇪", "🇨🇳"],
])("shortens %s to %s", (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});
