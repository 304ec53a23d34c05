import { compareRounds, spreadOf } from "../../../bench/report/comparison";
import { drawComparison } from "../../../bench/report/comparison-plot";
import { formatComparison } from "../../../bench/report/comparison-table";
import type { Row, Scenario } from "../../../bench/scenarios/scenario";

function setup(row: Partial<Row>) {
  const scenario: Scenario = {
    summary: "a question",
    candidates: ["roomful", "plain"],
    settings: {},
    quick: {},
    smoke: {},
    run: async () => ({}),
    rows: [{ value: "cost", label: "a < b", unit: "µs", better: "less", against: ["plain"], targets: [], ...row }],
  };
  return {
    compare: (ours: number[], theirs: number[]) =>
      compareRounds(
        { question: scenario },
        { question: { roomful: ours.map((cost) => ({ cost })), plain: theirs.map((cost) => ({ cost })) } },
      ),
  };
}

describe("a comparison", () => {
  it("divides within each round, and spreads over the rounds", () => {
    const { compare } = setup({});

    const [row] = compare([1, 2, 3], [2, 8, 4]);

    expect(row?.value).toEqual({ median: 2, min: 1, max: 3 });
    expect(row?.peers[0]?.ratio).toEqual({ median: 0.5, min: 0.25, max: 0.75 });
  });

  it("judges targets by the median", () => {
    const { compare } = setup({ targets: [{ atMost: 2 }, { of: "plain", atLeast: 0.6 }] });

    const [row] = compare([1, 2, 9], [2, 4, 18]);

    expect(row?.targets).toEqual([
      { text: "≤ 2 µs", reached: true },
      { text: "≥ 0.6 x plain", reached: false },
    ]);
  });

  it("lets no round lose anything where nothing may be lost", () => {
    const { compare } = setup({ targets: [{ atMost: 0 }] });

    expect(compare([0, 0, 1], [0, 0, 0])[0]?.targets[0]?.reached).toBe(false);
    expect(compare([0, 0, 0], [0, 0, 0])[0]?.targets[0]?.reached).toBe(true);
  });

  it("reaches no target beside a peer that measured nothing", () => {
    const { compare } = setup({ targets: [{ of: "plain", atLeast: 8 }] });

    const [row] = compare([1], [0]);

    expect(row?.peers[0]?.ratio).toBeUndefined();
    expect(row?.targets[0]?.reached).toBe(false);
  });

  it("takes the mean of the middle two of an even number of rounds", () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  });

  it("shows every row in the table and, well-formed, in the plot", () => {
    const rows = setup({ targets: [{ atMost: 2 }] }).compare([1, 2, 3], [4, 4, 4]);

    expect(formatComparison(rows)).toContain("0.5 x (0.25 .. 0.75)");
    const plot = drawComparison(rows, "three rounds & a half");
    expect(plot).toContain("a &lt; b, beside plain");
    expect(plot).toContain("three rounds &amp; a half");
    // Where less is better, half the cost is twice as good.
    expect(plot).toContain(">2 x</text>");
  });
});
