import { mkdirSync, writeFileSync } from "node:fs";

const FOLDER = "bench/results";

/** Writes a file into bench/results, named after its day and what was run. Answers its path. */
export function keepResult(at: string, name: string, text: string): string {
  mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}/${at.slice(0, 10)}-${name}`;
  writeFileSync(path, text);
  return path;
}
