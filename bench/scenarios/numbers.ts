/** Of times in microseconds, in milliseconds. */
export function percentile(timesUs: readonly number[], share: number): number {
  const sorted = Float64Array.from(timesUs).sort();
  return round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) / 1e3, 2);
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
