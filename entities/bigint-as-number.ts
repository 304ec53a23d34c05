/** pg answers bigint as text. Numbers of messages stay far below 2^53. */
export const bigintAsNumber = {
  to: (value: number): number => value,
  from: (value: string | null): number | null => (value === null ? null : Number(value)),
};
