import { findChromium } from "../../support/chromium";

const search = (env: Record<string, string>, existing: string[], platform: NodeJS.Platform = "linux") => ({
  ...{ env, platform },
  isExecutable: (path: string) => existing.includes(path),
});

it("takes the one that CHROMIUM_BIN names before all others", () => {
  const found = findChromium(
    search({ CHROMIUM_BIN: "/my/chrome", PATH: "/usr/bin" }, ["/my/chrome", "/usr/bin/chromium"]),
  );

  expect(found).toBe("/my/chrome");
});

it("refuses a CHROMIUM_BIN that cannot be run, rather than take another", () => {
  expect(() => findChromium(search({ CHROMIUM_BIN: "/gone", PATH: "/usr/bin" }, ["/usr/bin/chromium"]))).toThrow(
    "/gone",
  );
});

it.each([
  ["chromium of PATH", "linux", "/usr/bin/chromium", ["/usr/bin/google-chrome", "/usr/bin/chromium"]],
  ["Chrome of PATH", "linux", "/usr/local/bin/google-chrome", ["/usr/local/bin/google-chrome"]],
  ["a usual place on Linux", "linux", "/snap/bin/chromium", ["/snap/bin/chromium"]],
  [
    "a usual place on macOS",
    "darwin",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"],
  ],
] as const)("finds %s", (_where, platform, expected, existing) => {
  expect(findChromium(search({ PATH: "/usr/local/bin:/usr/bin" }, [...existing], platform))).toBe(expected);
});

it("says how to get one where there is none", () => {
  expect(() => findChromium(search({ PATH: "/usr/bin" }, []))).toThrow(
    /apt-get install --no-install-recommends chromium\n.*macOS.*\n.*CHROMIUM_BIN/,
  );
});
