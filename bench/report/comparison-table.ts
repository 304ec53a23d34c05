import Table from "cli-table3";

import { type ComparedRow, formatNumber } from "./comparison";

/** For a terminal; a row for each value, its peers below each other. */
export function formatComparison(rows: readonly ComparedRow[]): string {
  const table = new Table({
    head: ["", "Roomful", "beside", "theirs", "Roomful / theirs", "target", "reached"],
    style: { head: [], border: [] },
    colAligns: ["left", "right", "left", "right", "left", "left", "left"],
  });
  for (const { scenario, label, unit, value, peers, targets } of rows) {
    const withUnit = (median: number): string => `${formatNumber(median)} ${unit}`.trim();
    table.push([
      `${label}\n(${scenario})`,
      withUnit(value.median),
      peers.map(({ name }) => name).join("\n"),
      peers.map((peer) => withUnit(peer.value.median)).join("\n"),
      peers.map(({ ratio }) => (ratio ? formatRatio(ratio) : "-")).join("\n"),
      targets.map(({ text }) => text).join("\n"),
      targets.map(({ reached }) => (reached ? "yes" : "NO")).join("\n"),
    ]);
  }
  return table.toString();
}

function formatRatio({ median, min, max }: { median: number; min: number; max: number }): string {
  return `${formatNumber(median)} x (${formatNumber(min)} .. ${formatNumber(max)})`;
}
