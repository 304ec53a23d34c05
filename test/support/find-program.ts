import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export interface ProgramSearch {
  env: Record<string, string | undefined>;
  platform: NodeJS.Platform;
  isExecutable(path: string): boolean;
}

export interface WantedProgram {
  /** Variable that names it before all others. */
  variable: string;
  names: readonly string[];
  /** Where installers put it without telling PATH. */
  usualPaths?: Partial<Record<NodeJS.Platform, readonly string[]>>;
  /** What is said where there is none. */
  howToGet: readonly string[];
}

/** The path of a program that npm cannot bring: of its variable, of PATH, or of a usual place. Throws with how to get one. */
export function findProgram(
  { variable, names, usualPaths, howToGet }: WantedProgram,
  { env, platform, isExecutable }: ProgramSearch = thisMachine(),
): string {
  const named = env[variable];
  if (named) {
    if (!isExecutable(named)) {
      throw new Error(`${variable} names ${named}, which is no file that can be run.`);
    }
    return named;
  }
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = [
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...(usualPaths?.[platform] ?? []),
  ];
  const found = candidates.find(isExecutable);
  if (!found) {
    throw new Error(howToGet.join("\n"));
  }
  return found;
}

function thisMachine(): ProgramSearch {
  return { env: process.env, platform: process.platform, isExecutable };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for this user: either way it cannot be run.
    return false;
  }
}
