import { findProgram, type ProgramSearch } from "./find-program";

const CHROMIUM = {
  variable: "CHROMIUM_BIN",
  names: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  usualPaths: {
    darwin: [
      "/Applications/Chromium.app/Contents/MacOS/Chromium",
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
      "/opt/homebrew/bin/chromium",
    ],
    linux: ["/usr/lib/chromium/chromium", "/opt/google/chrome/chrome", "/snap/bin/chromium"],
  },
  howToGet: [
    "The browser tests need Chromium or Chrome, and found none. To get one:",
    "  Debian, Ubuntu: apt-get update && apt-get install --no-install-recommends chromium",
    "  macOS: brew install --cask chromium",
    "  elsewhere: install Chromium or Chrome, and set CHROMIUM_BIN to the path of its program",
  ],
};

/** The chromium of this machine: the one of CHROMIUM_BIN, of PATH, or of a usual place. Throws with how to get one. */
export function findChromium(search?: ProgramSearch): string {
  return findProgram(CHROMIUM, search);
}
