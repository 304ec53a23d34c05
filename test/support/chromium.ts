import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/** Where installers put it without telling PATH. */
const USUAL_PATHS: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/opt/homebrew/bin/chromium",
  ],
  linux: ["/usr/lib/chromium/chromium", "/opt/google/chrome/chrome", "/snap/bin/chromium"],
};

export interface ChromiumSearch {
  env: Record<string, string | undefined>;
  platform: NodeJS.Platform;
  isExecutable(path: string): boolean;
}

/** The chromium of this machine: the one of CHROMIUM_BIN, of PATH, or of a usual place. Throws with how to get one. */
export function findChromium({ env, platform, isExecutable }: ChromiumSearch = thisMachine()): string {
  const named = env["CHROMIUM_BIN"];
  if (named) {
    if (!isExecutable(named)) {
      throw new Error(`CHROMIUM_BIN names ${named}, which is no file that can be run.`);
    }
    return named;
  }
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = [
    ...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...(USUAL_PATHS[platform] ?? []),
  ];
  const found = candidates.find(isExecutable);
  if (!found) {
    throw new Error(
      [
        "The browser tests need Chromium or Chrome, and found none. To get one:",
        "  Debian, Ubuntu: apt-get update && apt-get install --no-install-recommends chromium",
        "  macOS: brew install --cask chromium",
        "  elsewhere: install Chromium or Chrome, and set CHROMIUM_BIN to the path of its program",
      ].join("\n"),
    );
  }
  return found;
}

function thisMachine(): ChromiumSearch {
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
