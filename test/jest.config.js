const { join } = require("node:path");

/** One project a level (style.md 11); `--selectProjects unit` runs one of them. */
const level = (displayName, extra = {}) => ({
  displayName,
  rootDir: join(__dirname, ".."),
  testEnvironment: "node",
  transform: { "^.+\\.ts$": "@swc/jest" },
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  modulePathIgnorePatterns: ["<rootDir>/dist"],
  ...extra,
});

// One Postgres for the whole run; every test file makes its own database in it.
const withPostgres = {
  globalSetup: require.resolve("./support/start-postgres.ts"),
  globalTeardown: require.resolve("./support/stop-postgres.ts"),
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    level("unit"),
    level("integration", withPostgres),
    level("e2e", withPostgres),
    level("fault", withPostgres),
    // Not part of `npm test`, which brings all that it needs: this needs a chromium.
    level("browser", { ...withPostgres, globalSetup: require.resolve("./support/start-browser-tests.ts") }),
    // The same tests once more as Engine.IO writes, which is what is left where pacing finds nothing to rest on.
    level("e2e-unpaced", {
      ...withPostgres,
      testMatch: ["<rootDir>/test/e2e/**/*.test.ts"],
      moduleNameMapper: { "^\\.\\./\\.\\./src/testing$": require.resolve("./support/unpaced-testing.ts") },
    }),
  ],
  testTimeout: 30_000,
};
