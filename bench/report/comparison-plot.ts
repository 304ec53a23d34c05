import { type ComparedRow, formatNumber, type Spread } from "./comparison";

const WIDTH = 960;
const LEFT = 470;
const RIGHT = 90;
const TOP = 64;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 12;
const BOTTOM = 56;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .soft { fill: #59636e }
  .grid { stroke: #d1d9e0 }
  .one { stroke: #59636e }
  .better { fill: #2da44e }
  .worse { fill: #d4722a }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .soft { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .one { stroke: #9198a1 }
    .better { fill: #3fb950 }
    .worse { fill: #e3873e }
    .spread { stroke: #f0f6fc }
  }`;

interface Bar {
  label: string;
  /** How many times better than the peer, whichever way is better. */
  factor: Spread;
}

/** How many times better Roomful is than each of its peers, as bars on a logarithmic axis, with the spread over rounds. */
export function drawComparison(rows: readonly ComparedRow[], subtitle: string): string {
  const bars = rows.flatMap(barsOf);
  const reach = Math.max(
    1,
    ...bars.flatMap(({ factor }) => [factor.max, 1 / factor.min].map(Math.log2).map(Math.ceil)),
  );
  const plotWidth = WIDTH - LEFT - RIGHT;
  const x = (factor: number): number => Math.round(LEFT + ((Math.log2(factor) + reach) / (2 * reach)) * plotWidth);
  const bottom = TOP + bars.length * ROW_HEIGHT;
  const ticks = Array.from({ length: 2 * reach + 1 }, (_, index) => 2 ** (index - reach));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + BOTTOM}" role="img" aria-label="Roomful beside its peers">`,
    `<style>${STYLE}\n</style>`,
    `<text class="title" x="16" y="26">Roomful beside its peers</text>`,
    `<text class="soft" x="16" y="46">${escapeText(subtitle)}</text>`,
    ...ticks.map((tick) => {
      const kind = tick === 1 ? "one" : "grid";
      const text = tick < 1 ? `1/${1 / tick}` : `${tick}`;
      return (
        `<line class="${kind}" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 4}" y2="${bottom}"/>` +
        `<text class="soft" x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${text}</text>`
      );
    }),
    `<text class="soft" x="${LEFT + plotWidth / 2}" y="${bottom + 40}" text-anchor="middle">times better than the peer (logarithmic; line: min to max over rounds)</text>`,
    ...bars.map((bar, index) => drawBar(bar, TOP + index * ROW_HEIGHT, x)),
    "</svg>\n",
  ].join("\n");
}

function barsOf({ label, better, peers }: ComparedRow): Bar[] {
  return peers.flatMap(({ name, ratio }) => {
    if (!ratio) {
      return [];
    }
    const { median, min, max } = ratio;
    const factor = better === "more" ? ratio : { median: 1 / median, min: 1 / max, max: 1 / min };
    return [{ label: `${label}, beside ${name}`, factor }];
  });
}

function drawBar({ label, factor }: Bar, top: number, x: (factor: number) => number): string {
  const middle = top + ROW_HEIGHT / 2;
  const [from, to] = [Math.min(x(1), x(factor.median)), Math.max(x(1), x(factor.median))];
  return [
    `<text x="${LEFT - 12}" y="${middle + 4}" text-anchor="end">${escapeText(label)}</text>`,
    `<rect class="${factor.median >= 1 ? "better" : "worse"}" x="${from}" y="${middle - BAR_HEIGHT / 2}" width="${Math.max(1, to - from)}" height="${BAR_HEIGHT}" rx="2"/>`,
    `<line class="spread" x1="${x(factor.min)}" x2="${x(factor.max)}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${WIDTH - RIGHT + 16}" y="${middle + 4}">${formatNumber(factor.median)} x</text>`,
  ].join("");
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
