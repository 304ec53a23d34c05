/** What initials in white need to be read on, by WCAG 2. */
const ENOUGH = 4.5;
const STEP = 0.02;

/** A user's colour as the ground of white initials: as it is, or as much darker as they need. */
export function avatarGround(color: string): string {
  let ground = color;
  for (let share = 1; share > 0 && contrast(ground, "#ffffff") < ENOUGH; share -= STEP) {
    ground = `#${channelsOf(color)
      .map((value) =>
        Math.round(value * share)
          .toString(16)
          .padStart(2, "0"),
      )
      .join("")}`;
  }
  return ground;
}

/** Contrast of two colours, 1 to 21, as WCAG 2 counts it. */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Of `#rrggbb`. */
function channelsOf(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}

/** One or two characters that stand for a name: "Ada Lovelace" is AL, 王小明 is 小明, as people there shorten it. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const [first = name, last] = [words[0], words.length > 1 ? words.at(-1) : undefined];
  const letters = charactersOf(first);
  if (/^\p{Script=Han}+$/u.test(first)) {
    return letters.slice(-2).join("");
  }
  return ((letters[0] ?? "?") + (last === undefined ? "" : (charactersOf(last)[0] ?? ""))).toUpperCase();
}

/** As a reader counts them: a flag is one. */
function charactersOf(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}
